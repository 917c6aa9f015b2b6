-- title: Ledger entry does not add up
-- severity: critical
-- key: customer_id
-- why: The balance after an entry equals the balance before it plus the amount. An entry that does not add up creates
--   or loses money.
-- highlight: balance_after
select e.customer_id, e.entry_number, e.balance_before, e.amount, e.balance_after, e.reason
from sales.ledger_entries as e
-- A sum with NaN is NaN, which equals itself in PostgreSQL.
where (e.balance_after = e.balance_before + e.amount and e.amount not in ('NaN', 'Infinity', '-Infinity')) is not true
order by e.customer_id, e.entry_number
