-- title: Order does not reference first ancestor
-- severity: critical
-- key: order_id
-- why: order_ref should name the first ancestor, so that a lineage is one group. An order that names any other order
--   splits its lineage, and totals per campaign become too small.
-- limitations: that order_ref was meant to name the first ancestor. The comment on the column says parent order.
-- highlight: order_ref
-- diagram: lineage of order_id
-- connected: orders.order_id, orders.order_ref
-- include: reference_is_sound
select w.order_id, w.order_ref, w.ancestor_ref, w.customer_id, w.order_status, w.order_amount
from (
  -- include: ancestor_not_root
) as w
where not w.on_cycle
order by w.order_id
