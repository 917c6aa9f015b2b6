-- title: Customer balance is negative
-- severity: critical
-- key: customer_id
-- why: A recreation must not bring a balance below zero. Either the customer received more than was paid for, or a
--   booking is wrong. Accounting has to find out which.
-- highlight: balance
select c.customer_id, c.name as customer_name, c.balance
from sales.customers as c
where c.balance < 0
order by c.customer_id
