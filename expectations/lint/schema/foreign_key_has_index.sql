-- title: Foreign key without an index
-- severity: warning
-- key: object
-- why: Each delete of a row it points at, and each change of that row's key, reads this whole table under lock; so does
--   every question of what belongs to that row.
with pointer as (
  select p.relation, p.places, p.target,
    case
      when count(*) = 1 then min(c.name)
      else '(' || string_agg(c.name, ', ' order by array_position(p.places, c.place)) || ')'
    end as name,
    string_agg(c.named, ', ' order by array_position(p.places, c.place)) as columns,
    array_agg(c.named || ' IS NOT NULL') as terms
  from (
    select f.relation, f.places, f.target
    from reference as f
    union
    select k.relation, array[k.place], k.target
    from kinship as k
    where k.is_certain
  ) as p
  join col as c on c.relation = p.relation and c.place = any(p.places)
  group by p.relation, p.places, p.target
),
-- indexes that find rows by what they lead with: those of tables and, by the parent's column numbers, of partitions
finder as (
  select g.relation, null::oid as leaf, g.places, g.method, g.predicate
  from guide as g
  where g.is_valid and g.method in ('btree', 'hash')
  union all
  select p.relation, p.leaf, array_agg(coalesce(k.place, 0)::smallint order by p.n), p.method, p.predicate
  from (
    select l.relation, l.oid as leaf, i.indexrelid as oid, m.amname as method, pg_get_expr(i.indpred, i.indrelid) as predicate,
      unnest(string_to_array(i.indkey::text, ' ')::smallint[]) as place, generate_series(1, i.indnkeyatts) as n
    from leaf as l
    join pg_index as i on i.indrelid = l.oid and i.indisvalid and i.indisready
    join pg_class as c on c.oid = i.indexrelid
    join pg_am as m on m.oid = c.relam and m.amname in ('btree', 'hash')
  ) as p
  left join twin as k on k.relation = p.relation and k.leaf = p.leaf and k.leaf_place = p.place
  where p.n is not null
  group by p.relation, p.leaf, p.oid, p.method, p.predicate
),
found as (
  select p.relation, p.places, p.target, f.leaf
  from pointer as p
  join finder as f on f.relation = p.relation
    -- the extension intarray has operators of the same names
    and f.places[1:cardinality(p.places)] operator(pg_catalog.@>) p.places
    and f.places[1:cardinality(p.places)] operator(pg_catalog.<@) p.places
  where f.predicate is null
    or regexp_split_to_array(regexp_replace(f.predicate, '[()]', '', 'g'), ' AND ') <@ p.terms
)
select n.object,
  case when x.is_lookup then 'info' else 'warning' end as severity,
  format(
    '%s points at %s, and no index leads with it%s', n.object, t.object,
    case when b.indexed > 0 then format(' in %s of %s partitions', b.leaves - b.indexed, b.leaves) else '' end
  ) as message,
  jsonb_strip_nulls(jsonb_build_object(
    'points at', t.object, 'rows by statistics', nullif(r.rows, 0), 'rows there by statistics', nullif(t.rows, 0),
    'partitions with an index', case when b.leaves > 0 then format('%s of %s', b.indexed, b.leaves) end
  )) as evidence,
  concat_ws(
    E';\n',
    format('create index %son %s (%s)', case when r.is_partitioned then '' else 'concurrently ' end, r.named, p.columns),
    i.below
  ) as suggestion,
  'statement' as remedy
from pointer as p
join relation as r on r.oid = p.relation
join relation as t on t.oid = p.target
join trait as x on x.relation = p.target
cross join lateral (select r.object || '.' || p.name as object) as n
left join (select l.relation, count(*) as leaves from leaf as l group by l.relation) as l on l.relation = p.relation
left join (
  select q.relation, q.places, count(*) filter (where q.is_found) as indexed,
    -- an index is not inherited, but for partitions
    string_agg(format('create index concurrently on %s (%s)', q.named, q.columns), E';\n' order by q.named)
      filter (where not q.is_found and not q.is_partition) as below
  from (
    select distinct o.relation, o.places, o.columns, l.oid, format('%I.%I', n.nspname, c.relname) as named,
      c.relispartition as is_partition, f.leaf is not null as is_found
    from pointer as o
    join leaf as l on l.relation = o.relation
    join pg_class as c on c.oid = l.oid
    join pg_namespace as n on n.oid = c.relnamespace
    left join found as f on f.relation = o.relation and f.places = o.places and f.leaf = l.oid
  ) as q
  group by q.relation, q.places
) as i on i.relation = p.relation and i.places = p.places
cross join lateral (select coalesce(l.leaves, 0) as leaves, coalesce(i.indexed, 0) as indexed) as b
where not exists (
    select from found as f where f.relation = p.relation and f.places = p.places and f.leaf is null
  )
  -- the parent of a partitioned table is empty: each partition's own index does as well
  and not (r.is_partitioned and b.leaves > 0 and b.leaves = b.indexed)
order by n.object
