-- title: Delivery references a missing order
-- severity: critical
-- key: order_id
-- why: The delivery belongs to an order that does not exist. Its arguments, and the secrets that they reference, are
--   kept without a purpose.
-- highlight: order_id
select d.order_id, d.script_name
from sales.order_deliveries as d
left join sales.orders as o on o.order_id = d.order_id
where o.order_id is null
order by d.order_id
