-- title: Foreign key without an index
-- severity: warning
-- key: object
-- why: Each delete of a referenced row, and each change of its key, scans this whole table while it holds locks. So
--   does each query for the rows that reference it.
with referencing as (
  select p.relation, p.attnums, p.target, p.target_attnum, p.is_temporal,
    case
      when count(*) = 1 then min(c.name)
      else '(' || string_agg(c.name, ', ' order by array_position(p.attnums, c.attnum)) || ')'
    end as name,
    string_agg(c.quoted, ', ' order by array_position(p.attnums, c.attnum)) as columns,
    array_agg(c.quoted || ' IS NOT NULL') as terms
  from (
    select f.relation, f.attnums, f.target, null::smallint as target_attnum, f.is_temporal
    from foreign_key as f
    union
    select k.relation, array[k.attnum], k.target, k.target_attnum, false
    from implied_foreign_key as k
    where k.is_certain
  ) as p
  join table_column as c on c.relation = p.relation and c.attnum = any(p.attnums)
  group by p.relation, p.attnums, p.target, p.target_attnum, p.is_temporal
),
-- indexes by their leading columns: of tables and, with the parent's column numbers, of partitions
leading_index as (
  select g.relation, null::oid as partition, g.attnums, g.method, g.predicate
  from table_index as g
  where g.is_valid and g.method in ('btree', 'hash', 'gist')
  union all
  select p.relation, p.partition, array_agg(coalesce(k.attnum, 0)::smallint order by p.n), p.method, p.predicate
  from (
    select l.relation, l.oid as partition, i.indexrelid as oid, m.amname as method,
      pg_get_expr(i.indpred, i.indrelid) as predicate,
      unnest(string_to_array(i.indkey::text, ' ')::smallint[]) as attnum, generate_series(1, i.indnkeyatts) as n
    from leaf_partition as l
    join pg_index as i on i.indrelid = l.oid and i.indisvalid and i.indisready
    join pg_class as c on c.oid = i.indexrelid
    join pg_am as m on m.oid = c.relam and m.amname in ('btree', 'hash', 'gist')
  ) as p
  left join partition_column as k on k.relation = p.relation and k.partition = p.partition and k.partition_attnum = p.attnum
  where p.n is not null
  group by p.relation, p.partition, p.oid, p.method, p.predicate
),
indexed as (
  select p.relation, p.attnums, p.target, f.partition
  from referencing as p
  join leading_index as f on f.relation = p.relation
    -- whether periods overlap is a question for gist alone
    and (f.method = 'gist') = p.is_temporal
    -- the extension intarray defines operators with the same names
    and f.attnums[1:cardinality(p.attnums)] operator(pg_catalog.@>) p.attnums
    and f.attnums[1:cardinality(p.attnums)] operator(pg_catalog.<@) p.attnums
  where f.predicate is null
    or regexp_split_to_array(regexp_replace(f.predicate, '[()]', '', 'g'), ' AND ') <@ p.terms
),
-- An index that begins with some of its columns finds the same rows if these are a key of either table: at most one row
-- is referenced by them, or has them.
keyed as (
  select f.relation, f.target, f.attnums
  from foreign_key as f
  join leading_index as g
    on g.relation = f.relation and g.partition is null and g.method = 'btree' and g.attnums[1] = any(f.attnums)
      and cardinality(f.attnums) > 1
  cross join lateral (
    select array_agg(u.attnum) as attnums, array_agg(f.target_attnums[array_position(f.attnums, u.attnum)]) as target_attnums
    from unnest(g.attnums) with ordinality as u (attnum, n)
    where g.attnums[1:u.n::integer] operator(pg_catalog.<@) f.attnums
  ) as b
  join table_index as k on k.relation in (f.relation, f.target) and k.is_unique and not k.is_partial and not k.has_expressions
    and (
      k.relation = f.relation and k.attnums operator(pg_catalog.<@) b.attnums
      or k.relation = f.target and k.attnums operator(pg_catalog.<@) b.target_attnums
    )
  where g.predicate is null and not f.is_temporal
)
select n.object,
  case when x.is_lookup then 'info' else 'warning' end as severity,
  format(
    '%s references %s, but no index begins with it%s', n.object, t.object,
    case when b.indexed > 0 then format(' in %s of %s partitions', b.partitions - b.indexed, b.partitions) else '' end
  ) as message,
  jsonb_strip_nulls(jsonb_build_object(
    'references', t.object, 'rows by statistics', nullif(r.rows, 0),
    'referenced rows by statistics', nullif(t.rows, 0),
    'partitions with an index', case when b.partitions > 0 then format('%s of %s', b.indexed, b.partitions) end
  )) as evidence,
  format(
    'create index %son %s %s(%s)', case when r.is_partitioned then '' else 'concurrently ' end, r.quoted,
    case when p.is_temporal then 'using gist ' else '' end, p.columns
  ) as suggestion,
  -- gist has operators for numbers and texts in the extension btree_gist only
  case
    when p.is_temporal and not exists (select from pg_extension as e where e.extname = 'btree_gist') then 'redesign'
    else 'statement'
  end as remedy,
  -- the name of a column alone is no reason for an index
  case
    when p.target_attnum is not null then jsonb_build_object(
      'from', s.source,
      'measures', jsonb_build_object(
        'filled', format('count(t.%s)', p.columns),
        'orphans', format(
          '(select count(*) from %4$s where t.%1$s is not null and not exists (select from %2$s as p where p.%3$s = t.%1$s))',
          p.columns, t.quoted, k.quoted, s.source
        )
      ),
      'holds', 'v.filled >= 5 and v.orphans * 10 <= v.filled'
    )
  end as probe
from referencing as p
join relation as r on r.oid = p.relation
join relation as t on t.oid = p.target
join table_kind as x on x.relation = p.target
join sample as s on s.relation = p.relation
left join table_column as k on k.relation = p.target and k.attnum = p.target_attnum
cross join lateral (select r.object || '.' || p.name as object) as n
left join (
  select l.relation, count(*) as partitions from leaf_partition as l group by l.relation
) as l on l.relation = p.relation
left join (
  select q.relation, q.attnums, count(distinct q.partition) as indexed
  from indexed as q
  where q.partition is not null
  group by q.relation, q.attnums
) as i on i.relation = p.relation and i.attnums = p.attnums
cross join lateral (select coalesce(l.partitions, 0) as partitions, coalesce(i.indexed, 0) as indexed) as b
where not exists (
    select from indexed as f where f.relation = p.relation and f.attnums = p.attnums and f.partition is null
  )
  and not exists (
    select from keyed as f where f.relation = p.relation and f.target = p.target and f.attnums = p.attnums
  )
  -- a partitioned table has no storage: indexes on all its partitions suffice
  and not (r.is_partitioned and b.partitions > 0 and b.partitions = b.indexed)
order by n.object
