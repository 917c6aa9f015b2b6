-- title: Order amount is NaN or infinite
-- severity: critical
-- key: order_id
-- why: NaN is not a number, but passes a check for at least zero. No balance covers it, so the order is silently not
--   recreated. Totals that include it become NaN.
-- highlight: amount
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
where o.amount in ('NaN', 'Infinity', '-Infinity')
order by o.order_id
