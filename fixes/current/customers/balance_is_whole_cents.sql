-- assumes: half a cent is rounded away from zero.
-- leave: the fraction of a cent stays. It is larger than most rounding errors and may have been booked.

-- automatic: a balance less than a hundredth of a cent from a whole cent is rounded to that cent
-- update customers by customer_id:
-- Cast through text: a direct cast to numeric keeps 15 digits and loses cents of a large balance.
select v.customer_id, b.rounded as customer_balance
from violation as v
cross join lateral (
  select v.customer_balance::text::numeric as exact, round(v.customer_balance::text::numeric, 2) as rounded
) as b
where abs(b.rounded - b.exact) < 0.0001
  -- A column with few digits may not hold the next integer.
  and (
    trunc(b.rounded) = trunc(b.exact)
    or order_audit.as_stored('customers', 'customer_balance', b.rounded::text) is not null
  );

-- option round: the balance is rounded to the cent
-- update customers by customer_id:
select v.customer_id, b.rounded as customer_balance
from violation as v
cross join lateral (
  select v.customer_balance::text::numeric as exact, round(v.customer_balance::text::numeric, 2) as rounded
) as b
where trunc(b.rounded) = trunc(b.exact)
  or order_audit.as_stored('customers', 'customer_balance', b.rounded::text) is not null;
