-- title: Recorded amount or customer differs
-- severity: critical
-- key: order_id
-- why: The record compares the balance with the order's recreated amount. Another amount or another customer in the
--   record proves nothing about the order.
-- highlight: amount, recreated_amount
select r.order_id, r.first_ancestor_id, r.customer_id as recorded_customer_id, o.customer_id, r.balance, r.amount,
  o.recreated_amount
from sales.recreations as r
join sales.orders as o on o.order_id = r.order_id
where r.amount is distinct from o.recreated_amount
  or r.customer_id is distinct from o.customer_id
order by r.order_id
