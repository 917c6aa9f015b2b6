-- title: Unknown order status
-- severity: critical
-- key: order_id
-- why: Jobs and reports branch on the status, and an unknown status matches no branch. Each query for the six known
--   ones omits the order.
-- highlight: order_status
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
where o.order_status is null
  or o.order_status::text not in ('recreated', 'active', 'expired', 'cancelled', 'paused', 'pending')
order by o.order_id
