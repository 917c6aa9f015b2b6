-- title: Money in several number types
-- severity: warning
-- key: object
-- why: Whole numbers, exact fractions and floats of money get compared and added as if they meant the same; whether
--   100 is a hundred dollars or one stands nowhere.
with spoken as (
  select r.schema, c.object,
    case
      when c.family = 'integer' then 'whole'
      when c.family = 'numeric' and c.modifier > 3 and (c.modifier - 4) & 2047 = 0 then 'whole'
      when c.family = 'float' then 'float'
      else 'exact fraction'
    end as kind
  from col as c
  join relation as r on r.oid = c.relation
  join role as o on o.relation = c.relation and o.place = c.place
  where o.looks_like_money
    and not o.is_key
    and not o.is_reference
    and not o.names_its_unit
),
counted as (
  select s.schema, s.kind, count(*) as columns, array_agg(s.object order by s.object) as objects
  from spoken as s
  group by s.schema, s.kind
)
select c.schema as object,
  format(
    'money in schema %s is of %s kinds: %s', c.schema, count(*),
    string_agg(
      format(
        '%s (%s%s)', c.kind, array_to_string(c.objects[:3], ', '),
        case when c.columns > 3 then format(' and %s more', c.columns - 3) else '' end
      ),
      '; ' order by c.kind
    )
  ) as message,
  jsonb_object_agg(c.kind, c.objects) as evidence,
  'one kind for all of them: numeric(14, 2), or whole numbers in columns that are named after their unit (..._cents)'
    as suggestion,
  'redesign' as remedy
from counted as c
group by c.schema
having count(*) > 1
order by c.schema
