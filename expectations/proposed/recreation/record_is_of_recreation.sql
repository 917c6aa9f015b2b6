-- title: Record without a recreation
-- severity: critical
-- key: order_id
-- why: What is written down is about the first order of a lineage, or about an order that is not there.
--   Reports on recreations count it with its balance and its amount.
-- highlight: first_ancestor_id
select r.order_id, o.first_ancestor_id, r.predecessor_id, r.balance, r.amount, r.created_at
from sales.recreations as r
left join sales.orders as o on o.order_id = r.order_id
where o.order_id is null or o.first_ancestor_id = o.order_id
order by r.order_id
