-- title: Customer balance differs from the ledger
-- severity: critical
-- key: customer_id
-- why: The customer's balance decides about recreations, but differs from the balance after the last ledger entry.
--   One of the two was changed without the other.
-- highlight: balance
select c.customer_id, c.balance, c.entry_number, l.entry_number as last_number, l.balance_after
from sales.customers as c
left join (
  select distinct on (e.customer_id) e.customer_id, e.entry_number, e.balance_after
  from sales.ledger_entries as e
  order by e.customer_id, e.entry_number desc
) as l on l.customer_id = c.customer_id
where c.balance is distinct from coalesce(l.balance_after, 0)
  or c.entry_number is distinct from coalesce(l.entry_number, 0)
order by c.customer_id
