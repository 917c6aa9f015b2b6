-- title: Record without a recreation
-- severity: critical
-- key: order_id
-- why: The record belongs to the first order of a lineage, to a migrated order, or to an order that does not exist.
--   Reports on recreations count its balance and amount.
-- highlight: first_ancestor_id
select r.order_id, o.first_ancestor_id, o.origin, r.predecessor_id, r.balance, r.amount, r.created_at
from sales.recreations as r
left join sales.orders as o on o.order_id = r.order_id
where o.order_id is null or o.first_ancestor_id = o.order_id or o.origin = 'migrated'
order by r.order_id
