-- title: Order and ancestor have different customers
-- severity: critical
-- key: order_id
-- why: A recreation continues an order of the same customer. Here the customers differ: one of them may be charged
--   for leads of the other, and may see them.
-- limitations: that a customer pays for, or sees, leads of the other. That depends on how the order is booked and
--   delivered.
-- highlight: customer_id, ancestor_customer_id
select o.order_id, o.first_ancestor_id, o.customer_id, a.customer_id as ancestor_customer_id,
  o.order_status, o.amount
from sales.orders as o
left join sales.orders as a on a.order_id = o.first_ancestor_id
where a.customer_id <> o.customer_id
  and o.first_ancestor_id <> o.order_id
order by o.order_id
