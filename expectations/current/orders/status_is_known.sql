-- title: Unknown order status
-- severity: critical
-- key: order_id
-- why: Every job and report branches on the status. One that nobody knows falls through all of them: the
--   order neither runs nor ends, and counts nowhere.
-- highlight: order_status
-- allowed_by: schema.status_is_constrained orders.order_status
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
where o.order_status is null
  or o.order_status::text not in ('recreated', 'active', 'expired', 'cancelled', 'paused', 'pending')
order by o.order_id
