-- title: Order references a missing schedule
-- severity: critical
-- key: order_id
-- why: The schedule of the order does not exist. The order's delivery hours are unknown.
-- highlight: schedule_id
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount, o.schedule_id
from sales.orders as o
left join sales.schedules as s on s.schedule_id = o.schedule_id
where o.schedule_id is not null and s.schedule_id is null
order by o.order_id
