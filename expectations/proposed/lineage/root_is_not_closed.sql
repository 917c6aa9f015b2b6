-- title: Live recreation of an ended order
-- severity: warning
-- key: order_id
-- why: The first order of the lineage was cancelled or has expired, but this recreation is still live. The customer
--   may believe that the campaign has ended, and may still be charged.
-- limitations: that the whole campaign was to end. The status is that of its first order.
-- highlight: ancestor_status, order_status
select o.order_id, o.first_ancestor_id, a.order_status as ancestor_status, o.customer_id, o.order_status,
  o.amount
from sales.orders as o
left join sales.orders as a on a.order_id = o.first_ancestor_id
where a.order_status in ('cancelled', 'expired')
  and o.order_status in ('pending', 'active', 'paused')
  and o.first_ancestor_id <> o.order_id
order by o.order_id
