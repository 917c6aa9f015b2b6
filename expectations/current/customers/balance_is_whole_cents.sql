-- title: Customer balance has fractions of cents
-- severity: warning
-- key: customer_id
-- why: Money is counted in cents; the rest is usually the rounding error of a binary float. Sums of the same bookings
--   can then disagree. The error can also decide a comparison with an order's amount.
-- highlight: customer_balance
select c.customer_id, c.customer_name, c.customer_balance
from customers as c
where c.customer_balance::text not in ('NaN', 'Infinity', '-Infinity')
  -- Cast through text: a direct cast to numeric keeps 15 digits and loses the rounding error and the last cents.
  and c.customer_balance::text::numeric <> round(c.customer_balance::text::numeric, 2)
order by c.customer_id
