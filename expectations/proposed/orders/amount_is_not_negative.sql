-- title: Order amount is negative
-- severity: critical
-- key: order_id
-- why: A negative amount is covered by every balance, so the order is always recreated, and it lowers the
--   sum of what the customer has ordered.
-- highlight: amount
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
where o.amount < 0
order by o.order_id
