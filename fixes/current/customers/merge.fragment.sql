-- given merged: customers that remain, each with the sum of the balances in its group
-- Cast balances through text: a direct cast to numeric keeps 15 digits. Leave a group with a balance of NaN, infinity or
-- NULL, or with a sum that the column cannot hold to a hundredth of a cent.
select g.first_customer_id, sum(c.customer_balance::text::numeric) as balance
from (
  select v.customer_id, v.first_customer_id
  from violation as v
  union
  select v.first_customer_id, v.first_customer_id
  from violation as v
) as g
join customers as c on c.customer_id = g.customer_id
group by g.first_customer_id
having bool_and(coalesce(c.customer_balance::text, 'NaN') not in ('NaN', 'Infinity', '-Infinity'))
  and abs(
    order_audit.as_stored('customers', 'customer_balance', sum(c.customer_balance::text::numeric)::text)::numeric
      - sum(c.customer_balance::text::numeric)
  ) < 0.0001;

-- option merge: orders move to the customer with the smallest id, which also receives the sum of the balances; the
--   other customers are deleted
-- update orders by order_id:
select o.order_id, m.first_customer_id as customer_id, m.first_customer_id as unit
from merged as m
join violation as v on v.first_customer_id = m.first_customer_id
join orders as o on o.customer_id = v.customer_id;
-- update customers by customer_id:
select m.first_customer_id as customer_id, m.balance as customer_balance, m.first_customer_id as unit
from merged as m;
-- delete customers by customer_id:
select v.customer_id, m.first_customer_id as unit
from merged as m
join violation as v on v.first_customer_id = m.first_customer_id;
