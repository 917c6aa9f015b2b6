-- title: Order and ancestor have different customers
-- severity: critical
-- key: order_id
-- why: A recreation continues an order of the same customer. Here the customers differ: one of them may be charged
--   for leads of the other, and may see them.
-- limitations: that a customer pays for, or sees, leads of the other. That depends on how the order is booked and
--   delivered.
-- highlight: customer_id, ancestor_customer_id
-- diagram: lineage of order_id
-- include: reference_is_sound
select o.order_id, o.order_ref, o.customer_id, a.customer_id as ancestor_customer_id,
  o.order_status, o.order_amount
from orders as o
left join orders as a on a.order_id = o.order_ref
where a.customer_id <> o.customer_id
  and o.order_ref <> o.order_id
order by o.order_id
