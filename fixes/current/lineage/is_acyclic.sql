-- assumes: ids are assigned in order, so that the smallest id in a cycle is its oldest order. A finding of
--   schema.sequence_is_ahead_of_data makes this uncertain.
-- leave: the orders have no first ancestor, nor have orders that lead into the cycle.

-- option root_at_smallest (recommended): the order with the smallest id in the cycle becomes its first ancestor. The
--   others lead to it; lineage.order_ref_is_first_ancestor then makes them reference it directly. The lineage can
--   contain several live orders (lineage.one_live_order)
-- update orders by order_id:
select c.id as order_id, c.id as order_ref
from (
  select array_agg(v.order_id) as ids, array_agg(v.order_ref) as refs
  from violation as v
) as v
cross join lateral order_audit.chain(v.ids, v.refs) as c
where c.last = c.id;
