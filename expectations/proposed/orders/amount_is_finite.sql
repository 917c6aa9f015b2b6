-- title: Order amount is NaN or infinite
-- severity: critical
-- key: order_id
-- why: NaN and infinity pass a check for at least zero. No finite balance covers them, so that the order is silently
--   not recreated. Minus infinity is covered by every balance above it. A total that includes NaN is NaN, and one
--   that includes an infinity is not finite.
-- highlight: amount
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
where o.amount in ('NaN', 'Infinity', '-Infinity')
order by o.order_id
