-- title: Duplicate live order
-- severity: warning
-- key: order_id
-- why: An earlier live order in another lineage has the same customer, schedule, delivery and amount. The order may
--   have been placed twice by mistake, and then the customer pays twice.
-- limitations: that the order was placed by mistake. A customer may want twice the leads.
-- highlight: first_order_id
select e.order_id, e.first_ancestor_id, e.customer_id, e.order_status, e.amount, e.first_order_id
from (
  select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount,
    min(o.order_id) over earlier as first_order_id,
    min(o.first_ancestor_id) over earlier as least_ancestor_id,
    max(o.first_ancestor_id) over earlier as greatest_ancestor_id
  from sales.orders as o
  -- Equal secrets of a customer have one number, so that equal arguments are equal here, too.
  left join sales.deliveries as d on d.delivery_id = o.delivery_id
  where o.order_status in ('pending', 'active', 'paused')
  -- Partitions treat NULL as equal to NULL, as this rule does. The frame contains the orders with a smaller id.
  window earlier as (
    partition by o.customer_id, o.amount, d.script_name collate "C", d.args, o.schedule_id
    order by o.order_id
    groups between unbounded preceding and 1 preceding
  )
) as e
where e.least_ancestor_id <> e.first_ancestor_id
  or e.greatest_ancestor_id <> e.first_ancestor_id
order by e.order_id
