-- title: Several live orders in one lineage
-- severity: warning
-- key: order_id
-- why: Each daily recreation replaces the order before it. Two live orders in one lineage can deliver, and charge,
--   twice.
-- limitations: that the customer was charged twice. A pending or paused order delivers nothing while it is one.
-- highlight: last_live_id, order_status
select l.order_id, l.first_ancestor_id, l.last_live_id, l.customer_id, l.order_status, l.amount
from (
  select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount,
    max(o.order_id) over (partition by o.first_ancestor_id) as last_live_id
  from sales.orders as o
  where o.order_status in ('active', 'pending', 'paused')
) as l
where l.order_id < l.last_live_id
order by l.order_id
