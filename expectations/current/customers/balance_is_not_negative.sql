-- title: Customer balance is negative
-- severity: critical
-- key: customer_id
-- why: A recreation must not bring a balance below zero. Either the customer received more than was paid for, or a
--   booking is wrong. Accounting has to find out which.
-- highlight: customer_balance
-- diagram: balance of customer_id
-- unfixed: a debt is a fact. To set it to 0 would forgive it, and nothing says whether the customer owes it or a
--   booking went wrong.
select c.customer_id, c.customer_name, c.customer_balance
from customers as c
where c.customer_balance < 0
order by c.customer_id
