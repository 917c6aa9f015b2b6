-- title: Order references a missing customer
-- severity: critical
-- key: order_id
-- why: No customer can be billed for this order. Reports that join customers omit it.
-- highlight: customer_id
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
left join sales.customers as c on c.customer_id = o.customer_id
where c.customer_id is null
order by o.order_id
