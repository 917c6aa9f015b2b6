-- title: Customer balance has fractions of cents
-- severity: warning
-- key: customer_id
-- why: Money comes in cents, and the type of the balance holds no more. Where it was changed to one that does,
--   two ways to add up the same bookings can disagree, and tip the comparison with an order's amount.
-- highlight: balance
select c.customer_id, c.name as customer_name, c.balance
from sales.customers as c
-- false for NaN, which is whatever it is rounded to
where c.balance <> round(c.balance, 2)
order by c.customer_id
