-- title: Several live orders in one lineage
-- severity: warning
-- key: order_id
-- why: Each daily recreation replaces the order before it. Two live orders in one lineage can deliver, and charge,
--   twice.
-- limitations: that the customer was charged twice. A pending or paused order delivers nothing while it is one.
-- highlight: last_live_id, order_status
-- diagram: lineage of order_id, last_live_id
select l.order_id, l.order_ref, l.last_live_id, l.customer_id, l.order_status, l.order_amount
from (
  select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
    max(o.order_id) over (partition by o.order_ref) as last_live_id
  from orders as o
  where o.order_status::text in ('active', 'pending', 'paused')
) as l
where l.order_ref is not null
  and l.order_id < l.last_live_id
order by l.order_id
