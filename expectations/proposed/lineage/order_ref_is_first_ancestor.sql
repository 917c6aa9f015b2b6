-- title: Order does not reference first ancestor
-- severity: critical
-- key: order_id
-- why: A lineage is one group because all its orders name its first. An order that names a recreation splits its lineage: totals per campaign come out too small, twice.
-- highlight: first_ancestor_id
select w.order_id, w.first_ancestor_id, w.ancestor_ref, w.customer_id, w.order_status, w.amount
from (
  -- include: ancestor_not_root
) as w
where not w.on_cycle
order by w.order_id
