-- title: Order amount is negative
-- severity: critical
-- key: order_id
-- why: Any balance of at least zero covers a negative amount, so that such a balance never stops the recreation. The
--   amount also reduces the sum of the customer's orders.
-- highlight: amount
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
where o.amount < 0
order by o.order_id
