-- title: Fraction of a cent decides recreation
-- severity: critical
-- key: order_id
-- why: To the cent, the answer to whether the balance is greater than the amount is the opposite one: a
--   customer gets leads unpaid, or is refused what was paid for. The types of both hold whole cents; where they
--   were changed to such that hold more, this can happen again.
-- highlight: balance
select o.order_id, o.first_ancestor_id, o.customer_id, c.balance, o.amount, o.order_status
from sales.orders as o
left join sales.customers as c on c.customer_id = o.customer_id
where o.order_status in ('pending', 'active', 'paused')
  and c.balance <> 'NaN'
  and (c.balance > o.amount) <> (round(c.balance, 2) > o.amount)
order by o.order_id
