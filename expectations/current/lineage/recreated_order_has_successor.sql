-- title: Recreated order has no successor
-- severity: warning
-- key: order_id
-- why: The status says that a later order replaced this one, but its lineage has no later order. The nightly job may
--   have stopped half-way. The campaign has then ended without notice.
-- highlight: order_status
-- diagram: lineage of order_id
-- unguarded: a guard would reject a nightly job that ends an order before it inserts the next one
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
join (
  select order_ref, max(order_id) as last_id
  from orders
  group by order_ref
  having max(order_id) filter (where order_status::text = 'recreated') = max(order_id)
) as l on l.order_ref = o.order_ref and l.last_id = o.order_id
where o.order_status::text = 'recreated'
order by o.order_id
