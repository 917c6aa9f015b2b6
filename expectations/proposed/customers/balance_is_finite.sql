-- title: Customer balance is NaN or infinite
-- severity: critical
-- key: customer_id
-- why: The balance is NaN, infinite or missing. PostgreSQL sorts NaN and infinity above every amount, so the balance
--   never stops a recreation. Totals that include it become NaN or infinite.
-- highlight: balance
select c.customer_id, c.name as customer_name, c.balance
from sales.customers as c
where c.balance is null or c.balance in ('NaN', 'Infinity', '-Infinity')
order by c.customer_id
