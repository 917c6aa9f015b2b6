-- title: Active order with an empty schedule
-- severity: critical
-- key: order_id
-- why: The schedule has no half-hour for deliveries. The order is active and can be recreated daily, but it never
--   delivers.
-- highlight: schedule_id
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount, o.schedule_id
from sales.orders as o
left join sales.schedules as s on s.schedule_id = o.schedule_id
where o.order_status = 'active'
  and (s.half_hours is null or isempty(s.half_hours))
order by o.order_id
