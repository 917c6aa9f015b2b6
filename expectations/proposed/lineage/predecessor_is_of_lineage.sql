-- title: Recreation record contradicts the order's lineage
-- severity: critical
-- key: order_id
-- why: The recreation record names another first ancestor than the order, or a predecessor that is missing or of
--   another lineage. Reports by first ancestor and by predecessor then count the order in different campaigns.
-- highlight: predecessor_id
select r.order_id, o.first_ancestor_id, r.first_ancestor_id as recorded_ancestor_id, r.predecessor_id,
  p.first_ancestor_id as predecessor_ancestor_id
from sales.recreations as r
left join sales.orders as o on o.order_id = r.order_id
left join sales.orders as p on p.order_id = r.predecessor_id
where r.first_ancestor_id <> o.first_ancestor_id
  or p.first_ancestor_id <> o.first_ancestor_id
  or p.order_id is null
  or r.predecessor_id = r.order_id
order by r.order_id
