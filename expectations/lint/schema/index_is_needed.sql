-- title: Index that another one makes useless
-- severity: info
-- key: object
-- why: Each write keeps both up to date, both take room in memory and on disk, and no query needs the second one.
with shape as (
  select g.*, i.indnkeyatts as keys, i.indnullsnotdistinct as nulls_are_equal, i.indimmediate as is_immediate,
    i.indisreplident or i.indisclustered
      or exists (select from pg_constraint as k where k.contype = 'x' and k.conindid = g.oid) as is_kept,
    exists (select from pg_constraint as k where k.contype = 'f' and k.conindid = g.oid) as is_pointed_at,
    n.terms[:i.indnkeyatts] as terms, n.terms[i.indnkeyatts + 1:] as carried,
    string_to_array(i.indclass::text, ' ') as classes,
    (string_to_array(i.indcollation::text, ' '))[:i.indnkeyatts] as collations,
    string_to_array(i.indoption::text, ' ') as orders
  from guide as g
  join pg_index as i on i.indexrelid = g.oid
  cross join lateral (
    -- columns by number, expressions as written
    select array_agg(case when u.place = 0 then pg_get_indexdef(g.oid, u.n::int, true) else u.place::text end order by u.n)
      as terms
    from unnest(string_to_array(i.indkey::text, ' ')::smallint[]) with ordinality as u (place, n)
  ) as n
  where g.is_valid
),
overlap as (
  select a.oid, b.oid as other, b.object as other_object,
    a.keys = b.keys and a.carried is not distinct from b.carried and a.is_unique = b.is_unique
      and a.nulls_are_equal = b.nulls_are_equal and a.is_immediate = b.is_immediate as is_copy,
    -- of two copies, the one that more depends on stays
    (b.is_pointed_at, b.is_primary, b.is_tied, b.is_unique, -b.oid::bigint)
    > (a.is_pointed_at, a.is_primary, a.is_tied, a.is_unique, -a.oid::bigint) as is_lesser,
    a.is_unique or a.is_tied as is_firm,
    b.is_unique
  from shape as a
  join shape as b on b.relation = a.relation and b.oid <> a.oid
  where a.method = b.method
    and a.predicate is not distinct from b.predicate
    and (a.keys = b.keys or a.keys < b.keys and a.method = 'btree')
    and a.terms = b.terms[:a.keys]
    and a.classes = b.classes[:a.keys]
    and a.collations = b.collations[:a.keys]
    and a.orders = b.orders[:a.keys]
    and coalesce(a.carried, '{}') <@ (b.terms || coalesce(b.carried, '{}'))
    and not a.is_kept
)
select distinct on (g.object) g.object,
  case
    when o.is_copy then format('index %s on %s is a copy of %s', g.object, r.object, o.other_object)
    else format('index %s on %s does nothing that %s does not do as well', g.object, r.object, o.other_object)
  end as message,
  jsonb_build_object('other index', o.other_object, 'size', pg_size_pretty(pg_relation_size(g.oid))) as evidence,
  case
    when g.is_tied then format('alter table %s drop constraint %I', r.named, k.conname)
    else format('drop index %s%s', case when r.is_partitioned then '' else 'concurrently ' end, g.named)
  end as suggestion,
  'statement' as remedy
from overlap as o
join guide as g on g.oid = o.oid
join relation as r on r.oid = g.relation
left join pg_constraint as k on k.conindid = g.oid and k.conrelid = g.relation and k.contype in ('p', 'u', 'x')
where case
  when o.is_copy then o.is_lesser
  else not o.is_firm
end
  and not (g.is_tied and exists (select from pg_constraint as k where k.contype = 'f' and k.conindid = g.oid))
order by g.object, o.is_copy, o.is_unique desc, o.other_object
