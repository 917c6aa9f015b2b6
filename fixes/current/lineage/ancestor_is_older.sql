-- after lineage.order_ref_is_first_ancestor: lineages are whole only then
-- after lineage.keeps_customer: the oldest order of a lineage is of its customer only then
-- assumes: ids are handed out in order, so that the smallest is the oldest. Where schema.sequence_is_ahead_of_data is
--   found, that is not certain.
-- leave: reports by first appearance date these campaigns too late.

-- option reroot_to_oldest: the order with the smallest id of the lineage becomes its first ancestor, and all orders of
--   the lineage point at it
-- update orders by order_id:
select o.order_id, o.first_id as order_ref, o.first_id as unit
from (
  select o.order_id, min(o.order_id) over (partition by o.order_ref) as first_id
  from (select distinct order_ref from violation) as v
  join orders as o on o.order_ref = v.order_ref
) as o;
