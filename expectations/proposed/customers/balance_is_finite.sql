-- title: Customer balance is NaN or infinite
-- severity: critical
-- key: customer_id
-- why: NaN, or nothing at all. NaN compares as greater than every amount, and as not below zero: this
--   customer's orders are recreated without end, and every total that the balance is part of is NaN.
-- highlight: balance
select c.customer_id, c.name as customer_name, c.balance
from sales.customers as c
where c.balance is null or c.balance in ('NaN', 'Infinity', '-Infinity')
order by c.customer_id
