-- title: Order belongs to a reference cycle
-- severity: critical
-- key: order_id
-- why: A lineage that runs in a circle has no first ancestor. It belongs to no campaign, and a report or a
--   job that follows first_ancestor_id until it finds a root never ends.
-- highlight: first_ancestor_id
select w.order_id, w.first_ancestor_id, w.ancestor_ref, w.customer_id, w.order_status, w.amount
from (
  -- include: ancestor_not_root
) as w
where w.on_cycle
order by w.order_id
