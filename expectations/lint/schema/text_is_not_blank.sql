-- title: Text that may be blank
-- severity: info
-- key: object
-- why: NOT NULL demands a value, but an empty text and blanks pass. Readers that test for NULL take them for values.
with required_text as (
  select c.relation, c.attnum, c.name, c.object, c.quoted, r.schema, r.object as table_object, r.quoted as quoted_table,
    r.name as table_name, s.source, s.is_sampled,
    -- as bpchar, whose trailing spaces are none: a tenth of the work of btrim
    format('count(*) filter (where t.%s::bpchar = '''')', c.quoted) as blanks
  from table_column as c
  join relation as r on r.oid = c.relation
  join sample as s on s.relation = c.relation
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  where c.family = 'text'
    and c.type <> 1042
    and c.is_not_null
    and not c.is_inherited
    and not c.is_generated
    and not o.is_reference
    and not r.is_log
    -- where nothing need be said
    and c.last_word not in (
      'comment', 'comments', 'note', 'notes', 'description', 'desc', 'content', 'contents', 'body', 'message', 'remark',
      'remarks', 'bio', 'about', 'details', 'text', 'summary', 'reason', 'prefix', 'suffix', 'extra', 'footer', 'header'
    )
    -- a default that is empty is meant
    and coalesce(c.default_expression, '') !~ '^''\s*'''
    and not exists (
      select
      from table_constraint as k
      where k.relation = c.relation and k.kind = 'c' and c.attnum = any(k.attnums)
    )
)
select r.object,
  'info' as severity,
  format('some texts of table %s are blank, although they are NOT NULL', r.object) as message,
  jsonb_build_object('columns', jsonb_agg(c.name order by c.attnum)) as evidence,
  format('do blank texts in %s mean anything? If not, correct them and add a CHECK', r.object) as suggestion,
  'redesign' as remedy,
  jsonb_build_object(
    'from', min(c.source),
    'evidence', format(
      'jsonb_strip_nulls(jsonb_build_object(%s, ''severity'', case when %s then ''warning'' end))',
      string_agg(format('%L, nullif(%s, 0)', 'blank ' || c.name, c.blanks), ', ' order by c.attnum),
      -- a few among many are mistakes, and many are meant
      string_agg(format('count(*) >= 20 and %1$s between 1 and count(*) / 20', c.blanks), ' or ' order by c.attnum)
    ),
    'holds', format('%s > 0', string_agg(c.blanks, ' + ' order by c.attnum))
  )
  || case when bool_or(c.is_sampled) then jsonb_build_object('sampled rows', 'count(*)') else '{}' end as probe
from (
  select c.*, row_number() over (partition by c.relation order by c.attnum) as number from required_text as c
) as c
join relation as r on r.oid = c.relation
-- a function takes a hundred arguments
where c.number <= 40
group by r.oid, r.object
union all
select c.schema, 'info',
  format(
    'in schema %s, no CHECK keeps blank texts out of %s NOT NULL %s of %s %s', c.schema, count(*),
    case when count(*) = 1 then 'column' else 'columns' end, count(distinct c.relation),
    case when count(distinct c.relation) = 1 then 'table' else 'tables' end
  ),
  jsonb_build_object('columns', jsonb_agg(c.object order by c.object)),
  'which of these texts may be blank? Add a CHECK (btrim(...) <> '''') to the others', 'redesign', null
from required_text as c
group by c.schema
-- a few columns are not worth a question
having count(*) >= 5
order by 1
