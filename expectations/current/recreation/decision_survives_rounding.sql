-- title: Fraction of a cent decides recreation
-- severity: critical
-- key: order_id
-- why: A fraction of a cent, such as the rounding error of a binary float, decides whether the balance exceeds the
--   amount: compared in whole cents, the answer is the opposite. Either an order is recreated that the cents do
--   not cover, or one is refused that they cover.
-- follows_from: customers.balance_is_whole_cents by customer_id
-- highlight: customer_balance
-- unguarded: not needed once the guard of customers.balance_is_whole_cents is installed and amounts are integers
select o.order_id, o.order_ref, o.customer_id, c.customer_balance, o.order_amount, o.order_status
from orders as o
left join customers as c on c.customer_id = o.customer_id
-- Rounding to the cent matters only where the two are close. The test is false for NaN and infinity.
where c.customer_balance - o.order_amount between -1 and 1
  and o.order_status::text in ('pending', 'active', 'paused')
  -- Cast through text: a direct cast to numeric keeps 15 digits and hides the rounding error.
  and (c.customer_balance > o.order_amount) <> (round(c.customer_balance::text::numeric, 2) > o.order_amount)
order by o.order_id
