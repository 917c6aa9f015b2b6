-- title: Recorded balance is not in ledger
-- severity: critical
-- key: order_id
-- why: The balance that allowed it is written down with the recreation, and each balance that a customer
--   ever had stands in the ledger. This one does not: one of the two was written by hand.
-- highlight: balance
select r.order_id, r.first_ancestor_id, o.customer_id, r.balance, r.amount, r.created_at
from sales.recreations as r
join sales.orders as o on o.order_id = r.order_id
where r.balance <> 0
  and not exists (
    select from sales.ledger_entries as e where e.customer_id = o.customer_id and e.balance_after = r.balance
  )
order by r.order_id
