-- title: Live order with amount 0
-- severity: warning
-- key: order_id
-- why: An order of amount zero passes every balance check but an empty one. It is recreated for ever and
--   buys nothing, or buys leads that nobody is charged for.
-- highlight: order_amount
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
where o.order_status::text in ('pending', 'active', 'paused')
  and o.order_amount = 0
order by o.order_id
