-- title: Customer balance is NaN or infinite
-- severity: critical
-- key: customer_id
-- why: The balance is NaN, infinite or missing. NaN and infinity exceed every amount and never stop a recreation; minus
--   infinity and a missing balance always do. Totals that include NaN or infinity become NaN or infinite.
-- highlight: customer_balance
-- allowed_by: schema.number_has_range_check customers.customer_balance
select c.customer_id, c.customer_name, c.customer_balance
from customers as c
where c.customer_balance is null
  or c.customer_balance::text in ('NaN', 'Infinity', '-Infinity')
order by c.customer_id
