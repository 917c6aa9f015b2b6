-- title: Order belongs to a reference cycle
-- severity: critical
-- key: order_id
-- why: A lineage that runs in a circle has no first ancestor. It belongs to no campaign, and a report or a
--   job that follows order_ref until it finds a root never ends.
-- highlight: order_ref
-- diagram: lineage of order_id
-- include: reference_is_sound
select w.order_id, w.order_ref, w.ancestor_ref, w.customer_id, w.order_status, w.order_amount
from (
  -- include: ancestor_not_root
) as w
where w.on_cycle
order by w.order_id
