-- title: Redundant index
-- severity: info
-- key: object
-- why: Each write keeps both up to date, both take room in memory and on disk, and no query needs the second one.
with held as (
  select g.oid, g.relation as holder, g.relation as root, g.object, g.named, g.method, g.predicate, g.is_unique, g.is_primary,
    g.is_tied, false as is_below, false as is_attached
  from guide as g
  where g.is_valid
  union all
  -- those of partitions, of which one that belongs to the parent's index stays
  select i.indexrelid, i.indrelid, l.relation, h.prefix || c.relname, format('%I.%I', h.name, c.relname), m.amname::text,
    pg_get_expr(i.indpred, i.indrelid), i.indisunique, i.indisprimary,
    i.indexrelid in (select k.conindid from pg_constraint as k where k.contype in ('p', 'u', 'x')), true,
    i.indexrelid in (select n.inhrelid from pg_inherits as n)
  from leaf as l
  join pg_index as i on i.indrelid = l.oid and i.indisvalid and i.indisready
  join pg_class as c on c.oid = i.indexrelid
  join home as h on h.oid = c.relnamespace
  join pg_am as m on m.oid = c.relam
),
shape as (
  select g.*, i.indnkeyatts as keys, i.indnullsnotdistinct as nulls_are_equal, i.indimmediate as is_immediate,
    i.indisreplident or i.indisclustered
      or exists (select from pg_constraint as k where k.contype = 'x' and k.conindid = g.oid) or g.is_attached as is_kept,
    exists (select from pg_constraint as k where k.contype = 'f' and k.conindid = g.oid) as is_pointed_at,
    n.terms[:i.indnkeyatts] as terms, n.terms[i.indnkeyatts + 1:] as carried,
    string_to_array(i.indclass::text, ' ') as classes,
    (string_to_array(i.indcollation::text, ' '))[:i.indnkeyatts] as collations,
    string_to_array(i.indoption::text, ' ') as orders
  from held as g
  join pg_index as i on i.indexrelid = g.oid
  cross join lateral (
    -- columns by number, expressions as written
    select array_agg(case when u.place = 0 then pg_get_indexdef(g.oid, u.n::int, true) else u.place::text end order by u.n)
      as terms
    from unnest(string_to_array(i.indkey::text, ' ')::smallint[]) with ordinality as u (place, n)
  ) as n
),
overlap as (
  select a.oid, b.oid as other, b.object as other_object,
    a.keys = b.keys and a.carried is not distinct from b.carried and a.is_unique = b.is_unique
      and a.nulls_are_equal = b.nulls_are_equal and a.is_immediate = b.is_immediate as is_copy,
    -- of two copies, the one that more depends on stays
    (b.is_attached, b.is_pointed_at, b.is_primary, b.is_tied, b.is_unique, -b.oid::bigint)
    > (a.is_attached, a.is_pointed_at, a.is_primary, a.is_tied, a.is_unique, -a.oid::bigint) as is_lesser,
    a.is_unique or a.is_tied as is_firm,
    b.is_unique
  from shape as a
  join shape as b on b.holder = a.holder and b.oid <> a.oid
  where a.method = b.method
    and a.predicate is not distinct from b.predicate
    and (a.keys = b.keys or a.keys < b.keys and a.method = 'btree')
    and a.terms = b.terms[:a.keys]
    and a.classes = b.classes[:a.keys]
    and a.collations = b.collations[:a.keys]
    and a.orders = b.orders[:a.keys]
    and coalesce(a.carried, '{}') <@ (b.terms || coalesce(b.carried, '{}'))
    and not a.is_kept
),
idle as (
  select distinct on (g.oid) g.oid, g.object, g.named, g.root, g.holder, g.is_below, g.is_tied, o.is_copy, o.other_object,
    format(
      case when g.is_tied then 'alter table %1$I.%2$I drop constraint %3$I' else 'drop index %4$s%5$s' end,
      n.nspname, t.relname, k.conname, case when t.relkind = 'p' then '' else 'concurrently ' end, g.named
    ) as dropped
  from overlap as o
  join held as g on g.oid = o.oid
  join pg_class as t on t.oid = g.holder
  join pg_namespace as n on n.oid = t.relnamespace
  left join pg_constraint as k on k.conindid = g.oid and k.conrelid = g.holder and k.contype in ('p', 'u', 'x')
  where case
    when o.is_copy then o.is_lesser
    else not o.is_firm
  end
    and not (g.is_tied and exists (select from pg_constraint as f where f.contype = 'f' and f.conindid = g.oid))
  order by g.oid, o.is_copy, o.is_unique desc, o.other_object
)
select g.object,
  case
    when g.is_copy then format('index %s on %s is a copy of %s', g.object, r.object, g.other_object)
    else format('index %s on %s does nothing that %s does not do as well', g.object, r.object, g.other_object)
  end as message,
  jsonb_build_object('other index', g.other_object, 'size', pg_size_pretty(pg_relation_size(g.oid))) as evidence,
  g.dropped as suggestion,
  'statement' as remedy
from idle as g
join relation as r on r.oid = g.root
where not g.is_below
union all
-- the same in many partitions is one finding
select r.object,
  format(
    'in %s of the %s partitions of %s, indexes do nothing that others do not do as well: %s', count(distinct g.holder), r.below,
    r.object, (array_agg(format('%s beside %s', g.object, g.other_object) order by g.object))[1]
    || case when count(*) > 1 then format(' and %s more', count(*) - 1) else '' end
  ),
  jsonb_build_object(
    'partitions', format('%s of %s', count(distinct g.holder), r.below),
    'size', pg_size_pretty(sum(pg_relation_size(g.oid))), 'indexes', jsonb_object_agg(g.object, g.other_object)
  ),
  string_agg(g.dropped, E';\n' order by g.object),
  'statement'
from idle as g
join relation as r on r.oid = g.root
where g.is_below
group by r.oid, r.object, r.below
order by 1
