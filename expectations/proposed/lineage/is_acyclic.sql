-- title: Order belongs to a reference cycle
-- severity: critical
-- key: order_id
-- why: A lineage that forms a cycle has no first ancestor, so its orders belong to no campaign. A report or job that
--   follows first_ancestor_id until an order references itself never ends.
-- highlight: first_ancestor_id
select w.order_id, w.first_ancestor_id, w.ancestor_ref, w.customer_id, w.order_status, w.amount
from (
  -- include: ancestor_not_root
) as w
where w.on_cycle
order by w.order_id
