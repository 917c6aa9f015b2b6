-- title: Live order with amount 0
-- severity: warning
-- key: order_id
-- why: Every positive balance covers an amount of 0, so the order can be recreated without end. It buys nothing, or
--   its leads are not charged.
-- highlight: order_amount
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
where o.order_status::text in ('pending', 'active', 'paused')
  and o.order_amount = 0
order by o.order_id
