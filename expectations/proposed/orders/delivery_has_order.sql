-- title: Delivery references a missing order
-- severity: critical
-- key: order_id
-- why: Nobody ordered what it would deliver. Its arguments, and what they lead to, are kept for nothing.
-- highlight: order_id
select d.order_id, d.script_name
from sales.order_deliveries as d
left join sales.orders as o on o.order_id = d.order_id
where o.order_id is null
order by d.order_id
