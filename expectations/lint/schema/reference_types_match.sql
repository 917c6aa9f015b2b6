-- title: Reference and key types differ
-- severity: warning
-- key: object
-- why: A column that is narrower than the key cannot store every key, and fails when keys outgrow it. A column of
--   another type family needs a conversion in each join, for which indexes cannot be used.
with pair as (
  select f.relation, u.attnum, f.target, u.target_attnum, true as is_constraint
  from foreign_key as f
  cross join lateral unnest(f.attnums, f.target_attnums) as u (attnum, target_attnum)
  union
  select k.relation, k.attnum, k.target, k.target_attnum, false
  from implied_foreign_key as k
  where k.is_certain
),
compared as (
  select c.relation, c.attnum, c.object, c.quoted, r.quoted as quoted_table, p.target_attnum, k.object as target_object,
    k.quoted as quoted_target, t.quoted as target_table,
    case when c.is_domain then format_type(c.type, c.typmod) else c.type_name end as type_name,
    case when k.is_domain then format_type(k.type, k.typmod) else k.type_name end as target_type_name,
    c.family = k.family as is_same_family,
    c.type as type, k.type as target_type, p.is_constraint,
    -- capacity: bytes of integers, digits of numerics, characters of texts
    case
      when c.family = 'integer' then w.typlen
      when c.family = 'text' and c.type <> 25 then coalesce(nullif(c.typmod, -1) - 4, 2147483647)
      when c.family = 'text' then 2147483647
      when c.family = 'numeric' then coalesce((nullif(c.typmod, -1) - 4) >> 16, 2147483647)
      else 0
    end as capacity,
    case
      when k.family = 'integer' then v.typlen
      when k.family = 'text' and k.type <> 25 then coalesce(nullif(k.typmod, -1) - 4, 2147483647)
      when k.family = 'text' then 2147483647
      when k.family = 'numeric' then coalesce((nullif(k.typmod, -1) - 4) >> 16, 2147483647)
      else 0
    end as target_capacity
  from pair as p
  join relation as r on r.oid = p.relation
  join relation as t on t.oid = p.target
  -- an inherited column has the type that its parent's has
  join table_column as c on c.relation = p.relation and c.attnum = p.attnum and not c.is_inherited
  join table_column as k on k.relation = p.target and k.attnum = p.target_attnum
  join pg_type as w on w.oid = c.type
  join pg_type as v on v.oid = k.type
)
select distinct on (d.object) d.object,
  case when d.is_same_family and d.capacity >= d.target_capacity or not d.is_constraint then 'info' else 'warning' end
    as severity,
  case
    when not d.is_same_family
      then format(
        '%s has type %s, but the referenced key %s has type %s', d.object, d.type_name, d.target_object, d.target_type_name
      )
    when d.capacity < d.target_capacity
      then format(
        '%s has type %s, which cannot store every key of %s, of type %s', d.object, d.type_name, d.target_object,
        d.target_type_name
      )
    else format(
      '%s has type %s, but the referenced key %s has type %s', d.object, d.type_name, d.target_object, d.target_type_name
    )
  end as message,
  jsonb_build_object('type', d.type_name, 'references', d.target_object, 'referenced type', d.target_type_name) as evidence,
  case
    when w.is_widening then format('alter table %s alter column %s type %s', d.quoted_table, d.quoted, d.target_type_name)
    when not d.is_constraint then format('does %s hold keys of %s? If it does, give both one type', d.object, d.target_object)
    else format('give %s and %s one type, the wider one of the two', d.object, d.target_object)
  end as suggestion,
  case when w.is_widening then 'rewrite' else 'redesign' end as remedy
from compared as d
cross join lateral (
  -- each value stays what it is
  select d.is_constraint and d.is_same_family and d.capacity < d.target_capacity and 1042 not in (d.type, d.target_type)
    and d.type <> 1700 as is_widening
) as w
where not d.is_same_family
  or d.capacity <> d.target_capacity
  -- one is padded with spaces
  or d.type <> d.target_type and 1042 in (d.type, d.target_type)
order by d.object, d.is_same_family, d.capacity < d.target_capacity desc, d.target_object
