-- title: Customer balance is negative
-- severity: critical
-- key: customer_id
-- why: No recreation should have been possible that brings a balance below zero. The customer got more than
--   was paid for, or a booking went wrong; either way somebody has to collect, or to apologise.
-- highlight: balance
select c.customer_id, c.name as customer_name, c.balance
from sales.customers as c
where c.balance < 0
order by c.customer_id
