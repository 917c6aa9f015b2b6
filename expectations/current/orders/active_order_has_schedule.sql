-- title: Active order with an empty schedule
-- severity: critical
-- key: order_id
-- why: The schedule has no half-hour for deliveries. The order is active and can be recreated daily, but it never
--   delivers.
-- highlight: order_schedule
-- hidden_by: schema.bitmap_is_readable orders.order_schedule
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount, o.order_schedule
from orders as o
where o.order_status::text = 'active'
  and position('1' in o.order_schedule::text) = 0
order by o.order_id
