-- title: Lineage has a later live order: this one should have ended
-- severity: warning
-- key: order_id
-- why: Each day's recreation replaces the order before it. Two live orders in one lineage deliver, and
--   charge, twice.
select o.order_id, o.order_ref, l.last_live_id, o.customer_id, o.order_status, o.order_amount
from orders as o
join (
  select order_ref, max(order_id) as last_id,
    max(order_id) filter (where order_status::text in ('pending', 'active', 'paused')) as last_live_id
  from orders
  group by order_ref
) as l on l.order_ref = o.order_ref
where o.order_status::text in ('pending', 'active', 'paused')
  and o.order_id < l.last_live_id
order by o.order_id
