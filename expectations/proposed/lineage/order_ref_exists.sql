-- title: Order references a missing ancestor
-- severity: critical
-- key: order_id
-- why: Lineage reports join first_ancestor_id to order_id. An order whose ancestor is missing falls out of them
--   without an error, and what it spent and delivered with it: nobody can say any more which customer's
--   campaign it belonged to.
-- highlight: first_ancestor_id
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
left join sales.orders as a on a.order_id = o.first_ancestor_id
where a.order_id is null
order by o.order_id
