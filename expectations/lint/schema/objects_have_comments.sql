-- title: Tables or columns without comments
-- severity: info
-- key: object
-- why: The meaning of a table's rows and a column's values is not documented in the database. Every tool shows
--   comments.
with commented as (
  select r.oid, r.schema, r.object, r.quoted, r.name, nullif(btrim(r.comment), '') is not null as has_comment,
    c.uncommented, c.columns,
    c.names,
    count(*) over by_schema as tables,
    count(*) filter (where nullif(btrim(r.comment), '') is not null) over by_schema as commented_tables,
    sum(c.columns) over by_schema as all_columns,
    sum(c.columns - c.uncommented) over by_schema as commented_columns
  from relation as r
  left join (
    select c.relation, count(*) as columns, count(*) filter (where nullif(btrim(c.comment), '') is null) as uncommented,
      array_agg(c.quoted order by c.attnum) filter (where nullif(btrim(c.comment), '') is null) as names
    from table_column as c
    group by c.relation
  ) as g on g.relation = r.oid
  cross join lateral (select coalesce(g.columns, 0) as columns, coalesce(g.uncommented, 0) as uncommented, g.names) as c
  window by_schema as (partition by r.schema)
)
select t.schema as object,
  format(
    'in schema %s, %s of %s tables and %s of %s columns have a comment', t.schema, min(t.commented_tables), min(t.tables),
    min(t.commented_columns), min(t.all_columns)
  ) as message,
  jsonb_build_object(
    'tables', min(t.tables), 'tables with a comment', min(t.commented_tables),
    'columns', min(t.all_columns), 'columns with a comment', min(t.commented_columns)
  ) as evidence,
  string_agg(
    format('comment on table %s is %L', t.quoted, format('What one row of %s stands for.', t.name)),
    E';\n' order by t.object
  ) filter (where not t.has_comment) as suggestion,
  -- the texts need a person who knows the data
  'redesign' as remedy
from commented as t
where t.commented_tables * 4 < t.tables
group by t.schema
union all
select t.object,
  case
    when t.has_comment then format('in table %s, %s no comment', t.object, c.lack)
    when t.uncommented = 0 then format('table %s has no comment', t.object)
    else format('table %s has no comment, and %s none', t.object, c.lack)
  end,
  jsonb_build_object(
    'table has a comment', t.has_comment, 'columns', t.columns, 'columns with a comment', t.columns - t.uncommented
  ),
  concat_ws(
    E';\n',
    case
      when not t.has_comment then format(
        'comment on table %s is %L', t.quoted, format('What one row of %s stands for.', t.name)
      )
    end,
    (
      select string_agg(
        format('comment on column %s.%s is %L', t.quoted, n.name, 'What its values mean.'), E';\n' order by n.position
      )
      from unnest(t.names) with ordinality as n (name, position)
    )
  ),
  'redesign'
from commented as t
cross join lateral (
  select case
      when t.columns = 1 then 'its only column has'
      else format(
        '%s of its %s columns %s', t.uncommented, t.columns, case when t.uncommented = 1 then 'has' else 'have' end
      )
    end as lack
) as c
where t.commented_tables * 4 >= t.tables
  and (not t.has_comment or t.uncommented > 0)
order by 1
