-- title: Redundant index
-- severity: info
-- key: object
-- why: Each write updates both indexes, and both use memory and disk space. No query needs the redundant one.
with candidate as (
  select g.oid, g.relation as holder, g.relation as root, g.object, g.quoted, g.method, g.predicate, g.is_unique,
    g.is_primary,
    g.has_constraint, false as is_below, false as is_attached
  from table_index as g
  where g.is_valid
  union all
  -- indexes of partitions; one that is attached to the parent's index must stay
  select i.indexrelid, i.indrelid, l.relation, h.prefix || c.relname, format('%I.%I', h.name, c.relname), m.amname::text,
    pg_get_expr(i.indpred, i.indrelid), i.indisunique, i.indisprimary,
    i.indexrelid in (select k.conindid from pg_constraint as k where k.contype in ('p', 'u', 'x')), true,
    i.indexrelid in (select n.inhrelid from pg_inherits as n)
  from leaf_partition as l
  join pg_index as i on i.indrelid = l.oid and i.indisvalid and i.indisready
  join pg_class as c on c.oid = i.indexrelid
  join audited_schema as h on h.oid = c.relnamespace
  join pg_am as m on m.oid = c.relam
),
index_detail as (
  select g.*, i.indnkeyatts as keys, i.indnullsnotdistinct as nulls_are_equal, i.indimmediate as is_immediate,
    i.indisreplident or i.indisclustered
      or exists (select from pg_constraint as k where k.contype = 'x' and k.conindid = g.oid) or g.is_attached as is_kept,
    exists (select from pg_constraint as k where k.contype = 'f' and k.conindid = g.oid) as is_referenced,
    n.terms[:i.indnkeyatts] as terms, n.terms[i.indnkeyatts + 1:] as included,
    string_to_array(i.indclass::text, ' ') as classes,
    (string_to_array(i.indcollation::text, ' '))[:i.indnkeyatts] as collations,
    string_to_array(i.indoption::text, ' ') as orders
  from candidate as g
  join pg_index as i on i.indexrelid = g.oid
  cross join lateral (
    -- columns by number, expressions by their definition
    select array_agg(
      case when u.attnum = 0 then pg_get_indexdef(g.oid, u.n::int, true) else u.attnum::text end order by u.n
    )
      as terms
    from unnest(string_to_array(i.indkey::text, ' ')::smallint[]) with ordinality as u (attnum, n)
  ) as n
),
overlap as (
  select a.oid, b.oid as other, b.object as other_object,
    a.keys = b.keys and a.included is not distinct from b.included and a.is_unique = b.is_unique
      and a.nulls_are_equal = b.nulls_are_equal and a.is_immediate = b.is_immediate as is_copy,
    -- of two equal indexes, keep the one with more dependencies
    (b.is_attached, b.is_referenced, b.is_primary, b.has_constraint, b.is_unique, -b.oid::bigint)
    > (a.is_attached, a.is_referenced, a.is_primary, a.has_constraint, a.is_unique, -a.oid::bigint) as is_replaceable,
    a.is_unique or a.has_constraint as is_unique_or_constraint,
    b.is_unique
  from index_detail as a
  join index_detail as b on b.holder = a.holder and b.oid <> a.oid
  where a.method = b.method
    and a.predicate is not distinct from b.predicate
    and (a.keys = b.keys or a.keys < b.keys and a.method = 'btree')
    and a.terms = b.terms[:a.keys]
    and a.classes = b.classes[:a.keys]
    and a.collations = b.collations[:a.keys]
    and a.orders = b.orders[:a.keys]
    and coalesce(a.included, '{}') <@ (b.terms || coalesce(b.included, '{}'))
    and not a.is_kept
),
redundant as (
  select distinct on (g.oid) g.oid, g.object, g.quoted, g.root, g.holder, g.is_below, g.has_constraint, o.is_copy,
    o.other_object,
    format(
      case when g.has_constraint then 'alter table %1$I.%2$I drop constraint %3$I' else 'drop index %4$s%5$s' end,
      n.nspname, t.relname, k.conname, case when t.relkind = 'p' then '' else 'concurrently ' end, g.quoted
    ) as dropped
  from overlap as o
  join candidate as g on g.oid = o.oid
  join pg_class as t on t.oid = g.holder
  join pg_namespace as n on n.oid = t.relnamespace
  left join pg_constraint as k on k.conindid = g.oid and k.conrelid = g.holder and k.contype in ('p', 'u', 'x')
  where case
    when o.is_copy then o.is_replaceable
    else not o.is_unique_or_constraint
  end
    and not (g.has_constraint and exists (select from pg_constraint as f where f.contype = 'f' and f.conindid = g.oid))
  order by g.oid, o.is_copy, o.is_unique desc, o.other_object
)
select g.object,
  case
    when g.is_copy then format('index %s on table %s duplicates index %s', g.object, r.object, g.other_object)
    else format('index %s on table %s is covered by index %s', g.object, r.object, g.other_object)
  end as message,
  jsonb_build_object('other index', g.other_object, 'size', pg_size_pretty(pg_relation_size(g.oid))) as evidence,
  g.dropped as suggestion,
  'statement' as remedy
from redundant as g
join relation as r on r.oid = g.root
where not g.is_below
union all
-- redundant indexes of many partitions are one finding
select r.object,
  format(
    '%s of %s %s of table %s %s redundant indexes: %s', count(distinct g.holder), r.descendants, r.partition_noun, r.object,
    case when count(distinct g.holder) = 1 then 'has' else 'have' end,
    (array_agg(format('%s is covered by %s', g.object, g.other_object) order by g.object))[1]
    || case when count(*) > 1 then format(' and %s more', count(*) - 1) else '' end
  ),
  jsonb_build_object(
    'partitions', format('%s of %s', count(distinct g.holder), r.descendants),
    'size', pg_size_pretty(sum(pg_relation_size(g.oid))), 'indexes', jsonb_object_agg(g.object, g.other_object)
  ),
  string_agg(g.dropped, E';\n' order by g.object),
  'statement'
from redundant as g
join relation as r on r.oid = g.root
where g.is_below
group by r.oid, r.object, r.descendants, r.partition_noun
order by 1
