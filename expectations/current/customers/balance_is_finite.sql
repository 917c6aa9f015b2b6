-- title: Customer balance is NaN or infinite
-- severity: critical
-- key: customer_id
-- why: The balance is NaN, infinite or missing. PostgreSQL compares NaN and infinity as greater than any amount, so
--   that its comparison never stops a recreation. Minus infinity and a missing balance always stop it. A total that
--   includes NaN is NaN, and one that includes an infinity is not finite.
-- highlight: customer_balance
-- allowed_by: schema.number_has_range_check customers.customer_balance
select c.customer_id, c.customer_name, c.customer_balance
from customers as c
where c.customer_balance is null
  or c.customer_balance::text in ('NaN', 'Infinity', '-Infinity')
order by c.customer_id
