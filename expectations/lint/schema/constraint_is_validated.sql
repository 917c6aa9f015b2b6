-- title: Constraint is not validated
-- severity: warning
-- key: object
-- why: New rows must keep to it, the ones that were there before need not: the planner does not trust it, and
--   neither should people.
with recursive member (root, oid) as (
  select r.oid, r.oid from relation as r
  union
  select m.root, i.inhrelid from member as m join pg_inherits as i on i.inhparent = m.oid
),
doubted as (
  select m.root, k.oid, k.conname as name, k.conrelid as relation, format('%I.%I', n.nspname, c.relname) as named
  from member as m
  join pg_constraint as k on k.conrelid = m.oid
  join pg_class as c on c.oid = m.oid
  join pg_namespace as n on n.oid = c.relnamespace
  where not k.convalidated
    -- one that is not enforced says so itself, and cannot be validated; before 18 there are none
    and to_jsonb(k) ->> 'conenforced' is distinct from 'false'
)
select r.object || '.' || d.name as object,
  case
    when bool_or(d.relation = r.oid)
    then format('constraint %s of %s is NOT VALID: rows from before it may break it', d.name, r.object)
    else format(
      'constraint %s is NOT VALID in %s of the %s partitions of %s: rows from before it may break it', d.name, count(*), r.below,
      r.object
    )
  end as message,
  jsonb_strip_nulls(
    jsonb_build_object(
      'partitions', case when r.below > 0 then format('%s of %s', count(*) filter (where d.relation <> r.oid), r.below) end
    )
  ) as evidence,
  case
    when bool_or(d.relation = r.oid) then format('alter table %s validate constraint %I', r.named, d.name)
    else string_agg(format('alter table %s validate constraint %I', d.named, d.name), E';\n' order by d.named)
  end as suggestion,
  'statement' as remedy,
  jsonb_build_array(jsonb_build_object(
    'where', array['rows that break it', 'rows of a sample that break it'], 'remedy', 'redesign',
    'suggestion', format(
      E'-- once nothing is left of: select * from %1$s as t where %2$s\nalter table %1$s validate constraint %3$I', r.named,
      max(b.written) filter (where d.relation = r.oid), d.name
    )
  )) as instead,
  case
    when bool_or(d.relation = r.oid) then jsonb_build_object(
      'from', s.source,
      case when s.is_part then 'rows of a sample that break it' else 'rows that break it' end,
      format('count(*) filter (where %s)', max(b.written) filter (where d.relation = r.oid))
    )
  end as probe
from doubted as d
join relation as r on r.oid = d.root
join sample as s on s.relation = r.oid
left join breach as b on b.oid = d.oid
group by r.oid, r.object, r.named, r.below, d.name, s.source, s.is_part
union all
select h.prefix || t.typname || '.' || k.conname,
  format('constraint %s of domain %s%s is NOT VALID: rows from before it may break it', k.conname, h.prefix, t.typname),
  jsonb_build_object('columns', coalesce(c.columns, 0)),
  format('alter domain %I.%I validate constraint %I', h.name, t.typname, k.conname),
  'statement', null, null
from pg_constraint as k
join pg_type as t on t.oid = k.contypid
join home as h on h.oid = t.typnamespace
left join (select c.declared, count(*) as columns from col as c group by c.declared) as c on c.declared = t.oid
where not k.convalidated
order by 1
