-- title: Money in several number types
-- severity: warning
-- key: object
-- why: Integers, exact fractions and floats of money are compared and added as if they had one unit. No column says
--   whether 100 means a hundred dollars or one.
with money_column as (
  select r.schema, c.object,
    case
      when c.family = 'integer' then 'integer'
      when c.family = 'numeric' and c.typmod > 3 and (c.typmod - 4) & 2047 = 0 then 'integer'
      when c.family = 'float' then 'float'
      else 'exact fraction'
    end as kind
  from table_column as c
  join relation as r on r.oid = c.relation
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  where o.looks_like_money
    and not c.is_inherited
    and not o.is_key
    and not o.is_reference
    and not o.names_its_unit
),
counted as (
  select s.schema, s.kind, count(*) as columns, array_agg(s.object order by s.object) as objects
  from money_column as s
  group by s.schema, s.kind
)
select c.schema as object,
  format(
    'money in schema %s has %s number types: %s', c.schema, count(*),
    string_agg(
      format(
        '%s (%s%s)', c.kind, array_to_string(c.objects[:3], ', '),
        case when c.columns > 3 then format(' and %s more', c.columns - 3) else '' end
      ),
      '; ' order by c.kind
    )
  ) as message,
  jsonb_object_agg(c.kind, c.objects) as evidence,
  'use one type for all of them: numeric(14, 2), or integers in columns that are named after their unit (..._cents)'
    as suggestion,
  'redesign' as remedy
from counted as c
group by c.schema
having count(*) > 1
order by c.schema
