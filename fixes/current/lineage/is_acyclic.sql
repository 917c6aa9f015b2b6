-- assumes: ids are handed out in order, so that the smallest of a circle is its oldest order. Where
--   schema.sequence_is_ahead_of_data is found, that is not certain.

-- option root_at_smallest (recommended): the order with the smallest id of the circle becomes its root
-- update orders by order_id:
-- From the order with the smallest id of each circle nothing needs to be followed: a circle's orders are those that
-- the rule names, and each of them leads to the next.
with recursive walk as (
  select v.order_id as start_id, o.order_ref as next_id, v.order_id as least_id, 1 as steps
  from violation as v
  join orders as o on o.order_id = v.order_id
  union all
  select w.start_id, o.order_ref, least(w.least_id, o.order_id), w.steps + 1
  from walk as w
  join orders as o on o.order_id = w.next_id
  where w.next_id <> w.start_id
)
select w.start_id as order_id, w.start_id as order_ref
from walk as w
where w.next_id = w.start_id and w.least_id = w.start_id;
