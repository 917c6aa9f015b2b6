-- title: Duplicate live order
-- severity: warning
-- key: order_id
-- why: An earlier live order in another lineage has the same customer, schedule, delivery and amount. The order may
--   have been placed twice by mistake, and then the customer pays twice.
-- limitations: that the order was placed by mistake. A customer may want twice the leads.
-- highlight: first_order_id
select e.order_id, e.order_ref, e.customer_id, e.order_status, e.order_amount, e.first_order_id
from (
  select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
    min(o.order_id) over earlier as first_order_id,
    min(o.order_ref) over earlier as least_ref,
    max(o.order_ref) over earlier as greatest_ref,
    count(*) over earlier as orders,
    count(o.order_ref) over earlier as refs
  from orders as o
  where o.order_status::text in ('pending', 'active', 'paused')
    and o.order_id is not null
  -- Partitions treat NULL as equal to NULL, as this rule does. The frame contains the orders with a smaller id.
  window earlier as (
    partition by o.customer_id, o.order_amount, o.delivery_script_name::text collate "C",
      o.delivery_script_args::text collate "C", o.order_schedule
    order by o.order_id
    groups between unbounded preceding and 1 preceding
  )
) as e
-- At least one earlier order has another order_ref; NULL differs from every number.
where e.least_ref <> e.order_ref
  or e.greatest_ref <> e.order_ref
  or e.order_ref is null and e.refs > 0
  or e.order_ref is not null and e.refs < e.orders
order by e.order_id
