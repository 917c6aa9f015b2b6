-- title: Customer balance is negative
-- severity: critical
-- key: customer_id
-- why: A recreation must not bring a balance below zero. Either the customer received more than was paid for, or a
--   booking is wrong. Accounting has to find out which.
-- highlight: customer_balance
-- diagram: balance of customer_id
-- unfixed: setting the balance to 0 would forgive what the customer may owe. The data does not say whether that is a
--   debt or a wrong booking. Ask accounting.
select c.customer_id, c.customer_name, c.customer_balance
from customers as c
where c.customer_balance < 0
order by c.customer_id
