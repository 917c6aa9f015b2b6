-- title: Order references a missing delivery
-- severity: critical
-- key: order_id
-- why: The delivery of the order does not exist, or belongs to another customer. The leads of this order are lost, or
--   arrive elsewhere.
-- highlight: delivery_id, delivery_customer_id
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.delivery_id, d.customer_id as delivery_customer_id
from sales.orders as o
left join sales.deliveries as d on d.delivery_id = o.delivery_id
where o.delivery_id is not null and d.customer_id is distinct from o.customer_id
order by o.order_id
