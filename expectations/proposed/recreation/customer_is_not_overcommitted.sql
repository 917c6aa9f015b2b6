-- title: Customer's live orders exceed the balance
-- severity: warning
-- key: customer_id
-- why: Each order is compared with the balance separately. Together, the customer's live orders exceed the balance, or
--   the balance is missing or NaN. It does not cover all of tonight's recreations.
-- limitations: that the orders remain unpaid. A payment may be on its way, and an order may end first.
-- follows_from: customers.balance_is_finite, customers.balance_is_not_negative
-- highlight: balance, live_amount
select c.customer_id, c.balance, live.orders as live_orders, live.amount as live_amount
from sales.customers as c
join (
  select o.customer_id, count(*) as orders, coalesce(sum(o.amount), 0) as amount
  from sales.orders as o
  where o.order_status in ('pending', 'active', 'paused')
  group by o.customer_id
) as live on live.customer_id = c.customer_id
where c.balance is null
  or c.balance = 'NaN'
  or live.amount > c.balance
order by c.customer_id
