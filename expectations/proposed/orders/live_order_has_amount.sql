-- title: Live order with amount 0
-- severity: warning
-- key: order_id
-- why: An order of amount zero passes every balance check but an empty one. It is recreated for ever and
--   buys nothing, or buys leads that nobody is charged for.
-- highlight: amount
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
where o.order_status in ('pending', 'active', 'paused')
  and o.amount = 0
order by o.order_id
