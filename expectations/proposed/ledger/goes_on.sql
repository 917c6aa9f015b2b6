-- title: Ledger entries are not continuous
-- severity: critical
-- key: customer_id
-- why: Each entry begins with the balance that the entry before it left, and the first entry begins with 0. Otherwise
--   money came or went without an entry.
-- highlight: balance_before
select g.customer_id, g.entry_number, g.balance_left, g.balance_before, g.amount, g.balance_after
from (
  select e.customer_id, e.entry_number, e.balance_before, e.amount, e.balance_after,
    lag(e.balance_after, 1, 0) over (partition by e.customer_id order by e.entry_number) as balance_left
  from sales.ledger_entries as e
) as g
where g.balance_before is distinct from g.balance_left
order by g.customer_id, g.entry_number
