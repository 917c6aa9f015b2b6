-- title: Customer balance is NaN or infinite
-- severity: critical
-- key: customer_id
-- why: The balance is NaN, infinite or missing. NaN and infinity exceed every amount and never stop a recreation; minus
--   infinity and a missing balance always do. Totals that include NaN or infinity become NaN or infinite.
-- highlight: balance
select c.customer_id, c.name as customer_name, c.balance
from sales.customers as c
where c.balance is null or c.balance in ('NaN', 'Infinity', '-Infinity')
order by c.customer_id
