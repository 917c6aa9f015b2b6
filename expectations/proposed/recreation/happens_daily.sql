-- title: Missing daily recreation
-- severity: warning
-- key: order_id
-- why: Orders are recreated daily. A gap between an order and the one before it in its lineage is a day without a
--   recreation, and without leads. Days are days in UTC. Orders without a creation time are not judged.
-- limitations: that a recreation was due on the missing day. The order may have been paused, or the balance may not
--   have covered it.
-- highlight: created_at, previous_at
select r.order_id, r.first_ancestor_id, r.customer_id, r.amount, r.created_at, r.previous_at
from (
  select o.order_id, o.first_ancestor_id, o.customer_id, o.amount, o.created_at,
    lag(o.created_at) over (partition by o.first_ancestor_id order by o.order_id) as previous_at
  from sales.orders as o
) as r
where r.first_ancestor_id <> r.order_id
  and (r.created_at at time zone 'UTC')::date > (r.previous_at at time zone 'UTC')::date + 1
order by r.order_id
