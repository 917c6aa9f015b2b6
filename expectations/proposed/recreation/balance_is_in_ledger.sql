-- title: Recorded balance is not in ledger
-- severity: critical
-- key: order_id
-- why: Each recreation records the balance that allowed it, and the ledger entry that it was read from. This entry
--   does not exist, or has another balance, so one of the two records is wrong.
-- highlight: balance, entry_number
select r.order_id, r.first_ancestor_id, o.customer_id, r.entry_number, r.balance, r.amount, r.created_at
from sales.recreations as r
join sales.orders as o on o.order_id = r.order_id
where not exists (
  select from sales.ledger_entries as e
  where e.customer_id = o.customer_id and e.entry_number = r.entry_number and e.balance_after = r.balance
)
order by r.order_id
