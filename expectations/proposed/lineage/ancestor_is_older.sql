-- title: Order is older than its ancestor
-- severity: warning
-- key: order_id
-- why: A sequence assigns ids in order, so an ancestor has the smaller id. Here the reference may have been changed
--   or imported wrongly. Reports by first appearance can then date the campaign too late.
-- limitations: that ids were assigned in the order of creation. Imported orders can have other ids.
-- follows_from: lineage.is_acyclic
-- highlight: first_ancestor_id
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
left join sales.orders as a on a.order_id = o.first_ancestor_id
where o.first_ancestor_id > o.order_id
  and a.order_id is not null
order by o.order_id
