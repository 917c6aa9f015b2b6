-- title: Order amount is NaN or infinite
-- severity: critical
-- key: order_id
-- why: NaN is no number, and passes a test for being zero or more. No balance covers it, so the order stops
--   without a word, and every total that it is part of is NaN.
-- highlight: amount
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
where o.amount in ('NaN', 'Infinity', '-Infinity')
order by o.order_id
