-- title: Order belongs to a reference cycle
-- severity: critical
-- key: order_id
-- why: A lineage that forms a cycle has no first ancestor, so its orders belong to no campaign. A report or job that
--   follows order_ref until an order references itself never ends.
-- highlight: order_ref
-- diagram: lineage of order_id
-- connected: orders.order_id, orders.order_ref
-- include: reference_is_sound
select w.order_id, w.order_ref, w.ancestor_ref, w.customer_id, w.order_status, w.order_amount
from (
  -- include: ancestor_not_root
) as w
where w.on_cycle
order by w.order_id
