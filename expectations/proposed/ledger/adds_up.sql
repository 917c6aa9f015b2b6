-- title: Ledger entry does not add up
-- severity: critical
-- key: customer_id
-- why: The balance is the sum of what came in and went out. An entry that does not add up makes money, or
--   loses it.
-- highlight: balance_after
select e.customer_id, e.entry_number, e.balance_before, e.amount, e.balance_after, e.reason
from sales.ledger_entries as e
-- a sum with NaN is NaN, which equals itself
where (e.balance_after = e.balance_before + e.amount and e.amount not in ('NaN', 'Infinity', '-Infinity')) is not true
order by e.customer_id, e.entry_number
