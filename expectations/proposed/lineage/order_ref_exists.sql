-- title: Order references a missing ancestor
-- severity: critical
-- key: order_id
-- why: A report that joins first_ancestor_id to order_id omits an order whose ancestor is missing, without an error.
--   The first order of its campaign is unknown.
-- highlight: first_ancestor_id
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
left join sales.orders as a on a.order_id = o.first_ancestor_id
where a.order_id is null
order by o.order_id
