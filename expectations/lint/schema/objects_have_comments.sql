-- title: Tables or columns without comments
-- severity: info
-- key: object
-- why: What a row stands for, and what a column's values mean, is known to those who were there. A comment is in
--   the database itself, where every tool shows it.
with told as (
  select r.oid, r.schema, r.object, r.named, r.name, nullif(btrim(r.comment), '') is not null as is_told, c.silent, c.columns,
    c.names,
    count(*) over by_schema as tables,
    count(*) filter (where nullif(btrim(r.comment), '') is not null) over by_schema as told_tables,
    sum(c.columns) over by_schema as all_columns,
    sum(c.columns - c.silent) over by_schema as told_columns
  from relation as r
  left join (
    select c.relation, count(*) as columns, count(*) filter (where nullif(btrim(c.comment), '') is null) as silent,
      array_agg(c.named order by c.place) filter (where nullif(btrim(c.comment), '') is null) as names
    from col as c
    group by c.relation
  ) as g on g.relation = r.oid
  cross join lateral (select coalesce(g.columns, 0) as columns, coalesce(g.silent, 0) as silent, g.names) as c
  window by_schema as (partition by r.schema)
)
select t.schema as object,
  format(
    'schema %s: %s of %s tables and %s of %s columns have a comment', t.schema, min(t.told_tables), min(t.tables),
    min(t.told_columns), min(t.all_columns)
  ) as message,
  jsonb_build_object(
    'tables', min(t.tables), 'tables with a comment', min(t.told_tables),
    'columns', min(t.all_columns), 'columns with a comment', min(t.told_columns)
  ) as evidence,
  string_agg(
    format('comment on table %s is %L', t.named, format('What one row of %s stands for.', t.name)), E';\n' order by t.object
  ) filter (where not t.is_told) as suggestion,
  -- the words are for somebody who knows
  'redesign' as remedy
from told as t
where t.told_tables * 4 < t.tables
group by t.schema
union all
select t.object,
  case
    when t.is_told then format('%s of the %s columns of table %s have no comment', t.silent, t.columns, t.object)
    when t.silent = 0 then format('table %s has no comment', t.object)
    else format('table %s and %s of its %s columns have no comment', t.object, t.silent, t.columns)
  end,
  jsonb_build_object('table has a comment', t.is_told, 'columns', t.columns, 'columns with a comment', t.columns - t.silent),
  concat_ws(
    E';\n',
    case
      when not t.is_told then format('comment on table %s is %L', t.named, format('What one row of %s stands for.', t.name))
    end,
    (
      select string_agg(format('comment on column %s.%s is %L', t.named, n.name, 'What its values mean.'), E';\n' order by n.place)
      from unnest(t.names) with ordinality as n (name, place)
    )
  ),
  'redesign'
from told as t
where t.told_tables * 4 >= t.tables
  and (not t.is_told or t.silent > 0)
order by 1
