-- assumes: the number is right and only its sign is wrong. An amount that was meant as a credit becomes a charge.
-- leave: a balance of at least zero never stops these orders, and they reduce the sum of the customer's orders.

-- option absolute: the amount loses its minus sign
-- update orders by order_id:
select v.order_id, abs(v.order_amount) as order_amount
from violation as v
-- The smallest integers have no positive counterpart, and infinity is not an amount.
where v.order_amount::text <> '-Infinity'
  and (pg_typeof(v.order_amount)::text, v.order_amount::text) not in (
    ('smallint', '-32768'), ('integer', '-2147483648'), ('bigint', '-9223372036854775808')
  );
