-- title: Gap or duplicate in ledger numbering
-- severity: critical
-- key: customer_id
-- why: The entries of a customer are numbered from 1. A missing number suggests that an entry was deleted. A repeated
--   number suggests that an entry was added by hand.
-- highlight: entry_number
select n.customer_id, n.entry_number, n.expected_number
from (
  select e.customer_id, e.entry_number,
    row_number() over (partition by e.customer_id order by e.entry_number) as expected_number
  from sales.ledger_entries as e
) as n
where n.entry_number is distinct from n.expected_number
order by n.customer_id, n.entry_number
