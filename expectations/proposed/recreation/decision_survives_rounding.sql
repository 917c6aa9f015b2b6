-- title: Fraction of a cent decides recreation
-- severity: critical
-- key: order_id
-- why: Compared in whole cents, the answer to whether the balance exceeds the amount is the opposite. Either an order
--   is recreated that the cents do not cover, or one is refused that they cover. The proposed types hold whole cents only; the fault needs a
--   changed type.
-- follows_from: customers.balance_is_whole_cents by customer_id
-- highlight: balance
select o.order_id, o.first_ancestor_id, o.customer_id, c.balance, o.amount, o.order_status
from sales.orders as o
left join sales.customers as c on c.customer_id = o.customer_id
where o.order_status in ('pending', 'active', 'paused')
  and c.balance <> 'NaN'
  and (c.balance > o.amount) <> (round(c.balance, 2) > o.amount)
order by o.order_id
