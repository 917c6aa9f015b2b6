-- title: Constraint is not validated
-- severity: warning
-- key: object
-- why: The constraint checks new rows, but was never checked for the rows that existed before. The planner does not
--   use it, and reports cannot rely on it.
with unvalidated as (
  select m.root, k.oid, k.conname as name, k.conrelid as relation, format('%I.%I', n.nspname, c.relname) as quoted
  from member as m
  join pg_constraint as k on k.conrelid = m.oid
  join pg_class as c on c.oid = m.oid
  join pg_namespace as n on n.oid = c.relnamespace
  where not k.convalidated
    -- NOT ENFORCED constraints (PostgreSQL 18) cannot be validated
    and to_jsonb(k) ->> 'conenforced' is distinct from 'false'
    -- PostgreSQL 15 leaves the parts of a validated foreign key to a partitioned table, one for each partition
    and not exists (select from pg_constraint as p where p.oid = k.conparentid and p.conrelid = k.conrelid)
)
select r.object || '.' || d.name as object,
  case
    when bool_or(d.relation = r.oid)
    then format('constraint %s of table %s is NOT VALID: earlier rows may violate it', d.name, r.object)
    else format(
      'constraint %s is NOT VALID in %s of %s %s of table %s: earlier rows may violate it', d.name, count(*),
      r.descendants, r.partition_noun, r.object
    )
  end as message,
  jsonb_strip_nulls(
    jsonb_build_object(
      'partitions',
      case when r.descendants > 0 then format('%s of %s', count(*) filter (where d.relation <> r.oid), r.descendants) end
    )
  ) as evidence,
  case
    when bool_or(d.relation = r.oid) then format('alter table %s validate constraint %I', r.quoted, d.name)
    else string_agg(format('alter table %s validate constraint %I', d.quoted, d.name), E';\n' order by d.quoted)
  end as suggestion,
  'statement' as remedy,
  jsonb_build_array(jsonb_build_object(
    'where', array['violating rows', 'violating rows in sample'], 'remedy', 'redesign',
    'comment', format(
      'run this when the query returns no rows: select * from %s as t where %s', r.quoted,
      max(b.predicate) filter (where d.relation = r.oid)
    ),
    'suggestion', format('alter table %s validate constraint %I', r.quoted, d.name)
  )) as instead,
  case
    when bool_or(d.relation = r.oid) then jsonb_build_object(
      'from', s.source,
      case when s.is_sampled then 'violating rows in sample' else 'violating rows' end,
      max(format(b.count_pattern, b.predicate, s.source)) filter (where d.relation = r.oid)
    )
  end as probe
from unvalidated as d
join relation as r on r.oid = d.root
join sample as s on s.relation = r.oid
left join violation_predicate as b on b.oid = d.oid
group by r.oid, r.object, r.quoted, r.descendants, r.partition_noun, d.name, s.source, s.is_sampled
union all
select h.prefix || t.typname || '.' || k.conname,
  format('constraint %s of domain %s%s is NOT VALID: earlier rows may violate it', k.conname, h.prefix, t.typname),
  jsonb_build_object('columns', coalesce(c.columns, 0)),
  format('alter domain %I.%I validate constraint %I', h.name, t.typname, k.conname),
  'statement', null, null
from pg_constraint as k
join pg_type as t on t.oid = k.contypid
join audited_schema as h on h.oid = t.typnamespace
left join (
  select c.declared_type, count(*) as columns from table_column as c group by c.declared_type
) as c on c.declared_type = t.oid
where not k.convalidated
order by 1
