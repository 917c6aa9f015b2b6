-- title: Customer balance is NaN or infinite
-- severity: critical
-- key: customer_id
-- why: The balance is NaN, infinite or missing. PostgreSQL compares NaN and infinity as greater than any amount, so
--   that its comparison never stops a recreation. Minus infinity and a missing balance always stop it. A total that
--   includes NaN is NaN, and one that includes an infinity is not finite.
-- highlight: balance
select c.customer_id, c.name as customer_name, c.balance
from sales.customers as c
where c.balance is null or c.balance in ('NaN', 'Infinity', '-Infinity')
order by c.customer_id
