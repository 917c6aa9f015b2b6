-- title: Repeated text without a lookup table
-- severity: info
-- key: object
-- why: Each row repeats the text. A misspelling creates a new value, a change of name updates every row, and
--   attributes of the value have no place. A lookup table is smaller and accepts only listed values.
select c.object,
  format(
    '%s contains %s distinct texts in %s rows, with about %s characters each', c.object, s.different, s.filled::bigint,
    s.width
  ) as message,
  jsonb_build_object(
    'values', s.different, 'rows', s.filled::bigint, 'characters of a value', s.width, 'bytes',
    s.filled::bigint * s.avg_width
  ) as evidence,
  format(
    'does %s hold values of a list that people maintain? If it does, move them to a lookup table, misspelt ones corrected',
    c.object
  ) as suggestion,
  'redesign' as remedy
from table_column as c
join relation as r on r.oid = c.relation
join column_role as o on o.relation = c.relation and o.attnum = c.attnum
join pg_stats as p
  on p.schemaname = r.schema and p.tablename = r.name and p.attname = c.name and p.inherited = (r.descendants > 0)
cross join lateral (
  select avg(char_length(v.value)) as width, count(*) filter (where char_length(v.value) >= 5) as long_values
  from unnest(p.most_common_vals::text::text[]) as v (value)
) as v
cross join lateral (
  select r.rows * (1 - p.null_frac) as filled, p.avg_width,
    round(case when p.n_distinct >= 0 then p.n_distinct else -p.n_distinct * r.rows end) as different,
    round(coalesce(v.width, p.avg_width - 1)) as width
) as s
where c.family = 'text'
  and not c.is_inherited
  and not o.is_key
  and not o.is_reference
  and s.filled >= 10000
  and s.different between 2 and 50
  and coalesce(v.width, p.avg_width - 1) >= 5
  and (v.width is null or v.long_values >= 2)
  -- statuses and types are findings of schema.status_is_constrained
  and c.last_word not in ('type', 'kind', 'role', 'mode')
  and not exists (select from status_column as n where n.relation = c.relation and n.attnum = c.attnum)
  -- a check lists the values
  and not exists (
    select
    from table_constraint as t
    where t.relation = c.relation and t.kind = 'c' and t.attnums = array[c.attnum] and t.definition ~ '(= ANY \(|\) OR \()'
  )
  and not exists (
    select
    from table_index as g
    where g.relation = c.relation and g.is_unique and g.attnums = array[c.attnum] and not g.has_expressions
  )
order by c.object
