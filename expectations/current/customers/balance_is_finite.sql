-- title: Customer balance is NaN or infinite
-- severity: critical
-- key: customer_id
-- why: NaN, infinity or nothing at all. NaN and infinity compare as greater than every amount, so this
--   customer's orders are recreated without end; and one of them turns every total it is part of into NaN
--   or infinity.
-- highlight: customer_balance
-- allowed_by: schema.number_has_range_check customers.customer_balance
select c.customer_id, c.customer_name, c.customer_balance
from customers as c
where c.customer_balance is null
  or c.customer_balance::text in ('NaN', 'Infinity', '-Infinity')
order by c.customer_id
