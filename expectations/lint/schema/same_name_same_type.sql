-- title: Same column name, different types
-- severity: info
-- key: object
-- why: A join on the common name fails or converts each row, and a comparison can silently find nothing.
with named_column as (
  select r.schema, r.object as table_object, r.quoted as quoted_table, r.is_partitioned, c.relation, c.attnum, c.name,
    c.words, c.object, c.quoted, c.type, c.typmod, c.declared_type, c.type_name, c.default_expression, c.is_generated, c.is_identity, f.family,
    o.is_key or o.is_reference
      or (c.relation, c.attnum) in (select f.target, unnest(f.target_attnums) from foreign_key as f) as is_joined,
    count(*) over (partition by r.schema, c.name) as uses,
    count(*) over (partition by r.schema, c.name, f.family) as agreeing
  from table_column as c
  join relation as r on r.oid = c.relation
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
    -- a parent's columns are those of its children
    and not c.is_inherited
  cross join lateral (
    select case
      when c.type in (1083, 1266) then 'time of day'
      when c.family in ('_text', '_varchar', '_bpchar', '_citext') then 'texts'
      when c.family in ('_int2', '_int4', '_int8') then 'integers'
      when c.family in ('_json', '_jsonb') then 'jsons'
      when c.family in ('_timestamp', '_timestamptz') then 'times'
      when c.family = 'name' then 'text'
      when c.family = 'cidr' then 'inet'
      else c.family
    end as family
  ) as f
),
common as (
  select s.schema, s.name, s.family, s.agreeing, mode() within group (order by s.type_name) as type_name,
    mode() within group (order by s.type) as type, min(s.object) as example
  from named_column as s
  where s.agreeing * 10 >= s.uses * 6
    and s.agreeing < s.uses
    -- one general word means another thing in each table
    and (cardinality(s.words) > 1 or s.name !~ '^(id|name|type|value|version|status|state|position'
      '|data|key|code|count|level|number|no|text|date|time|size|length|options|settings|config|metadata|params|payload'
      '|token|source|target|content|body|label|title|parent|hash|start|end|year|month|day|result|score|rank|order|sort'
      '|priority|duration|rating|note|notes|period|interval|args|reason|group|role|scope|tags|meta|extra|info|ref)$')
  group by s.schema, s.name, s.family, s.agreeing
)
select s.object,
  format(
    '%s has type %s, but %s of %s columns named %s in schema %s have a type like that of %s (%s)', s.object, s.type_name,
    k.agreeing, s.uses, s.name, s.schema, k.example, k.type_name
  ) as message,
  jsonb_build_object('type', s.type_name, 'others', k.type_name, 'columns', s.uses, 'agreeing', k.agreeing) as evidence,
  case
    when fits.it then format(
      'alter table %1$s %3$salter column %2$s type %4$s using %2$s::%4$s%5$s', s.quoted_table, s.quoted,
      case when s.default_expression is null then '' else format('alter column %s drop default, ', s.quoted) end,
      k.type_name,
      case
        when s.default_expression is null then ''
        else format(', alter column %s set default (%s)::%s', s.quoted, s.default_expression, k.type_name)
      end
    )
    else format(
      'is %s the same thing as %s? If it is, one of the two types is wrong; if not, rename it', s.object, k.example
    )
  end as suggestion,
  case when fits.it then 'rewrite' else 'redesign' end as remedy
from named_column as s
join common as k on k.schema = s.schema and k.name = s.name and k.family <> s.family
cross join lateral (
  -- only a cast that keeps every value
  select not s.is_joined and not s.is_generated and not s.is_identity and not s.is_partitioned and (
    s.family = 'integer' and k.type = 1700 and k.type_name = 'numeric'
    or s.type = 1082 and k.type = 1114
  ) as it
) as fits
union all
-- one identifier in several widths: the narrower column rejects or cuts what the wider one holds
select n.object,
  format('%s holds %s characters, but %s, of the same name, %s', n.object, n.width, n.widest, n.most),
  jsonb_build_object('type', n.type_name, 'widest', n.most),
  case
    when n.fits then format('alter table %s alter column %s type varchar(%s)', n.quoted_table, n.quoted, n.most)
    else format('is %s the same thing as %s? If it is, give both one width', n.object, n.widest)
  end,
  case when n.fits then 'statement' else 'redesign' end
from (
  select s.object, s.quoted_table, s.quoted, s.type_name, s.typmod - 4 as width,
    first_value(s.object) over by_width as widest, first_value(s.typmod) over by_width - 4 as most,
    s.type = 1043 and not s.is_joined and not s.is_generated and s.declared_type = s.type and first_value(s.type) over by_width = 1043
      and s.typmod > 4 as fits
  from named_column as s
  where s.type in (1042, 1043)
    and s.typmod > 4
    and not s.is_joined
    and (
      cardinality(s.words) > 1 and s.words[cardinality(s.words)] in ('id', 'no', 'nr', 'number', 'ref', 'reference', 'token', 'hash')
      or s.words[cardinality(s.words)] in ('iban', 'isbn', 'sku', 'vin', 'ean', 'gtin', 'bic', 'email')
    )
  window by_width as (partition by s.schema, lower(s.name) order by s.typmod desc, s.object)
) as n
where n.width < n.most
order by 1
