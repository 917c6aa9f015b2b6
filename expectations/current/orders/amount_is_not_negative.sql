-- title: Order amount is negative
-- severity: critical
-- key: order_id
-- why: A negative amount is covered by every balance, so the order is always recreated, and it lowers the
--   sum of what the customer has ordered.
-- highlight: order_amount
-- allowed_by: schema.number_has_range_check orders.order_amount
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
where o.order_amount < 0
order by o.order_id
