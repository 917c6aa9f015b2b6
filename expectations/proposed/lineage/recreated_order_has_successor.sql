-- title: Recreated order has no successor
-- severity: warning
-- key: order_id
-- why: The status says that a later order replaced this one, but its lineage has no later order. The nightly job may
--   have stopped half-way. The campaign has then ended without notice.
-- highlight: order_status
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
join (
  select first_ancestor_id, max(order_id) as last_id
  from sales.orders
  group by first_ancestor_id
  having max(order_id) filter (where order_status = 'recreated') = max(order_id)
) as l on l.first_ancestor_id = o.first_ancestor_id and l.last_id = o.order_id
where o.order_status = 'recreated'
order by o.order_id
