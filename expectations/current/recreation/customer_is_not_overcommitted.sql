-- title: Customer's live orders exceed the balance
-- severity: warning
-- key: customer_id
-- why: Each order is compared with the balance separately. Together, the customer's live orders exceed the balance, or
--   the balance is missing or NaN. It does not cover all of tonight's recreations.
-- limitations: that the orders remain unpaid. A payment may be on its way, and an order may end first.
-- follows_from: customers.balance_is_finite, customers.balance_is_not_negative
-- highlight: customer_balance, live_amount
-- diagram: balance of customer_id
-- unfixed: the data says neither which order to stop, nor whether a payment is on its way. Ask the customer, or stop
--   an order.
-- unguarded: debits must never be rejected, and each debit can bring the balance below the sum of live orders
select c.customer_id, c.customer_balance, live.orders as live_orders, live.amount as live_amount
from customers as c
join (
  select o.customer_id, count(*) as orders, coalesce(sum(o.order_amount), 0) as amount
  from orders as o
  where o.order_status::text in ('pending', 'active', 'paused')
  group by o.customer_id
) as live on live.customer_id = c.customer_id
where c.customer_balance is null
  or c.customer_balance::text = 'NaN'
  or live.amount > c.customer_balance
order by c.customer_id
