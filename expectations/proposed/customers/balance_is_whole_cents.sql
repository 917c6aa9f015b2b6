-- title: Customer balance has fractions of cents
-- severity: warning
-- key: customer_id
-- why: The proposed type of the balance holds whole cents only. After a change of that type, sums of the same
--   bookings can disagree. The fraction can also decide a comparison with an order's amount.
-- highlight: balance
select c.customer_id, c.name as customer_name, c.balance
from sales.customers as c
-- False for NaN, which equals its rounded value.
where c.balance <> round(c.balance, 2)
order by c.customer_id
