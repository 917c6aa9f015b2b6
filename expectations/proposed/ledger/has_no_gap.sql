-- title: Gap or duplicate in ledger numbering
-- severity: critical
-- key: customer_id
-- why: The entries of a customer are counted from 1. Where a number is missing, somebody deleted a booking;
--   where one is there twice, somebody made one up.
-- highlight: entry_number
select n.customer_id, n.entry_number, n.expected_number
from (
  select e.customer_id, e.entry_number,
    row_number() over (partition by e.customer_id order by e.entry_number) as expected_number
  from sales.ledger_entries as e
) as n
where n.entry_number is distinct from n.expected_number
order by n.customer_id, n.entry_number
