-- title: Order amount is negative
-- severity: critical
-- key: order_id
-- why: Any balance of at least zero covers a negative amount, so that such a balance never stops the recreation. The
--   amount also reduces the sum of the customer's orders.
-- highlight: order_amount
-- allowed_by: schema.number_has_range_check orders.order_amount
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
where o.order_amount < 0
order by o.order_id
