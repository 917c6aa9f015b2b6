-- title: Live recreation of an ended order
-- severity: warning
-- key: order_id
-- why: The first order of the lineage was cancelled or has expired, but this recreation is still live. The customer
--   may believe that the campaign has ended, and may still be charged.
-- limitations: that the whole campaign was to end. The status is that of its first order.
-- highlight: ancestor_status, order_status
-- diagram: lineage of order_id
select o.order_id, o.order_ref, a.order_status as ancestor_status, o.customer_id, o.order_status,
  o.order_amount
from orders as o
left join orders as a on a.order_id = o.order_ref
where a.order_status::text in ('cancelled', 'expired')
  and o.order_status::text in ('pending', 'active', 'paused')
  and o.order_ref <> o.order_id
order by o.order_id
