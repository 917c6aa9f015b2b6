-- title: Missing daily recreation
-- severity: warning
-- key: order_id
-- requires: orders.recreated_at
-- without: no order has a timestamp
-- why: Orders are recreated daily. A gap between an order and the one before it in its lineage is a day without a
--   recreation, and without leads.
-- limitations: that a recreation was due on the missing day. The order may have been paused, or the balance may not
--   have covered it.
-- highlight: recreated_at, previous_at
-- hidden_by: schema.table_has_timestamps orders
-- unfixed: a missed day cannot be delivered later, and a time that was not recorded is not in the data.
select r.order_id, r.order_ref, r.customer_id, r.order_amount, r.recreated_at, r.previous_at
from (
  select o.order_id, o.order_ref, o.customer_id, o.order_amount, o.recreated_at,
    lag(o.recreated_at) over (partition by o.order_ref order by o.order_id) as previous_at
  from orders as o
) as r
where r.order_ref <> r.order_id
  and (r.recreated_at is null or r.recreated_at::date > r.previous_at::date + 1)
order by r.order_id
