-- title: Live order with amount 0
-- severity: warning
-- key: order_id
-- why: Every positive balance covers an amount of 0, so the order can be recreated without end. It buys nothing, or
--   its leads are not charged.
-- highlight: amount
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
where o.order_status in ('pending', 'active', 'paused')
  and o.amount = 0
order by o.order_id
