-- title: Live recreation of an ended order
-- severity: warning
-- key: order_id
-- why: When the first order of a lineage was cancelled or ran out, nothing should still be running in its
--   name: the customer believes it over and is still charged.
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
