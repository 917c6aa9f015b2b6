-- title: Recorded balance is not in ledger
-- severity: critical
-- key: order_id
-- why: Each recreation records the balance that allowed it, and the ledger records every balance of a customer. This
--   balance is in no ledger entry, so one of the two records is wrong.
-- highlight: balance
select r.order_id, r.first_ancestor_id, o.customer_id, r.balance, r.amount, r.created_at
from sales.recreations as r
join sales.orders as o on o.order_id = r.order_id
where r.balance <> 0
  and not exists (
    select from sales.ledger_entries as e where e.customer_id = o.customer_id and e.balance_after = r.balance
  )
order by r.order_id
