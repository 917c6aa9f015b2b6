-- assumes: ids are handed out in order, so that the smallest of a circle is its oldest order. Where
--   schema.sequence_is_ahead_of_data is found, that is not certain.
-- leave: the orders stay without a first ancestor, and so do those that lead into the circle.

-- option root_at_smallest (recommended): the order with the smallest id of the circle becomes its first ancestor. The
--   others stay as they are and now lead to it; lineage.order_ref_is_first_ancestor then points them straight at it
-- update orders by order_id:
select c.id as order_id, c.id as order_ref
from (
  select array_agg(v.order_id) as ids, array_agg(v.order_ref) as refs
  from violation as v
) as v
cross join lateral order_audit.chain(v.ids, v.refs) as c
where c.last = c.id;
