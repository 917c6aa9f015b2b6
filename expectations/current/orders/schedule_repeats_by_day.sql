-- title: Schedule repeats, but not by day
-- severity: warning
-- key: order_id
-- why: The schedule repeats, but with a period that does not fit into one, two or three days. The delivery hours
--   therefore shift from day to day. Compare them with the hours that the customer ordered.
-- limitations: that the shift is unintended. No column says which hours the customer ordered.
-- highlight: order_schedule
-- hidden_by: schema.bitmap_is_readable orders.order_schedule
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount, o.order_schedule
from orders as o
cross join lateral (
  -- one byte for each bit: bytea is cut and compared faster than text
  select convert_to(o.order_schedule::text, 'UTF8') as bits
  offset 0
) as s
where position('1'::bytea in s.bits) > 0
  and position('0'::bytea in s.bits) > 0
  -- The schedule does not repeat after one, two or three days.
  and substr(s.bits, 1, greatest(length(s.bits) - 48, 0)) <> substr(s.bits, 49)
  and substr(s.bits, 1, greatest(length(s.bits) - 96, 0)) <> substr(s.bits, 97)
  and substr(s.bits, 1, greatest(length(s.bits) - 144, 0)) <> substr(s.bits, 145)
  -- Cheap test first: with a period of at most 167, all bits but the last 167 occur again later.
  and position(substr(s.bits, 1, greatest(length(s.bits) - 167, 1)) in substr(s.bits, 3)) > 0
  and exists (
    select
    from generate_series(2, least(167, length(s.bits) - 1)) as p (period)
    where substr(s.bits, 1, length(s.bits) - p.period) = substr(s.bits, p.period + 1)
  )
order by o.order_id
