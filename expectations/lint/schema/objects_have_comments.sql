-- title: Tables or columns without comments
-- severity: info
-- key: object
-- why: The meaning of a table's rows and a column's values is not documented in the database. Most tools show
--   comments.
with commented as (
  select r.schema, r.object, r.quoted, r.name, nullif(btrim(r.comment), '') is not null as has_comment,
    coalesce(g.uncommented, 0) as uncommented, coalesce(g.columns, 0) as columns, g.names
  from relation as r
  left join (
    select c.relation, count(*) as columns, count(*) filter (where nullif(btrim(c.comment), '') is null) as uncommented,
      array_agg(c.quoted order by c.attnum) filter (where nullif(btrim(c.comment), '') is null) as names
    from table_column as c
    group by c.relation
  ) as g on g.relation = r.oid
)
select t.schema as object,
  format(
    'in schema %s, %s of %s %s and %s of %s %s have a comment', t.schema, t.commented_tables, t.tables,
    case when t.tables = 1 then 'table' else 'tables' end, t.columns - t.uncommented, t.columns,
    case when t.columns = 1 then 'column' else 'columns' end
  ) as message,
  jsonb_build_object(
    'tables', t.tables, 'tables with a comment', t.commented_tables,
    'columns', t.columns, 'columns with a comment', t.columns - t.uncommented
  ) as evidence,
  -- tables first
  coalesce(t.table_comments, t.column_comments) as suggestion,
  -- the texts need a person who knows the data
  'redesign' as remedy
from (
  select t.schema, count(*) as tables, count(*) filter (where t.has_comment) as commented_tables,
    sum(t.columns) as columns, sum(t.uncommented) as uncommented,
    string_agg(
      format('comment on table %s is %L', t.quoted, format('What one row of %s stands for.', t.name)),
      E';\n' order by t.object
    ) filter (where not t.has_comment) as table_comments,
    string_agg(c.comments, E';\n' order by t.object) as column_comments
  from commented as t
  left join lateral (
    select string_agg(
        format('comment on column %s.%s is %L', t.quoted, n.name, 'What its values mean.'), E';\n' order by n.position
      ) as comments
    from unnest(t.names) with ordinality as n (name, position)
  ) as c on true
  group by t.schema
) as t
where t.commented_tables < t.tables
  or t.uncommented > 0
order by t.schema
