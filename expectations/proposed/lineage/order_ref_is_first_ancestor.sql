-- title: Order does not reference first ancestor
-- severity: critical
-- key: order_id
-- why: All orders of a lineage name its first order, so that a lineage is one group. An order that names a recreation
--   splits its lineage, and totals per campaign become too small.
-- highlight: first_ancestor_id
select w.order_id, w.first_ancestor_id, w.ancestor_ref, w.customer_id, w.order_status, w.amount
from (
  -- include: ancestor_not_root
) as w
where not w.on_cycle
order by w.order_id
