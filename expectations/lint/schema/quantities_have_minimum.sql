-- title: Quantities without a lower bound
-- severity: info
-- key: object
-- why: A number of seats, minutes or bytes below zero is stored like any other, and sums and averages take it in.
select r.schema as object,
  format('no CHECK keeps %s quantities of schema %s from being negative', count(*), r.schema) as message,
  jsonb_build_object('columns', jsonb_agg(c.object order by c.object)) as evidence,
  'which of these may be negative? Add a CHECK (... >= 0) to the others' as suggestion, 'redesign' as remedy
from table_column as c
join relation as r on r.oid = c.relation
join column_role as o on o.relation = c.relation and o.attnum = c.attnum
where c.family in ('integer', 'numeric', 'float')
  and not c.is_generated
  and not c.is_inherited
  and not o.is_key
  and not o.is_reference
  and not o.looks_like_money
  and not c.words && array['delta', 'change', 'diff', 'difference', 'offset', 'balance', 'net']
  and (c.relation, c.attnum) not in (select k.relation, k.attnum from implied_foreign_key as k)
  and (
    c.last_word in (
      'count', 'cnt', 'seats', 'size', 'bytes', 'packets', 'length', 'width', 'height', 'depth', 'weight', 'volume', 'area',
      'duration', 'seconds', 'minutes', 'hours', 'days', 'millis', 'dose', 'mg', 'kg', 'ml', 'km', 'odometer', 'age', 'capacity', 'attempts',
      'attempt', 'retries', 'gold', 'coins', 'points', 'xp', 'kills', 'deaths', 'wins', 'losses', 'pages', 'views',
      'likes', 'votes', 'distance', 'mileage', 'rate', 'port', 'pressure', 'saturation', 'percent', 'percentage', 'pct'
    )
    or c.words && array['area', 'volume', 'weight', 'height', 'width', 'length', 'depth']
  )
  and not exists (
    select from table_constraint as t where t.relation = c.relation and t.kind = 'c' and c.attnum = any(t.attnums)
  )
group by r.schema
having count(*) >= 2
order by 1
