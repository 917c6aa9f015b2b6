-- title: Live recreation not covered by balance
-- severity: critical
-- key: order_id
-- why: Orders are only recreated if the balance is greater than the amount. The customer's present balance does not
--   cover this live recreation, so its leads may remain unpaid. A balance that is NaN or missing covers no order
--   here.
-- limitations: that the money was missing at the time of recreation, or will be. It may have been spent on this order
--   since, and a payment may be on its way.
-- follows_from: customers.balance_is_finite by customer_id, customers.balance_is_not_negative by customer_id
-- highlight: balance, amount
select o.order_id, o.first_ancestor_id, o.customer_id, c.balance, o.amount, o.order_status
-- include: not_covered_by_balance
  and o.first_ancestor_id <> o.order_id
  and o.order_status in ('pending', 'active', 'paused')
order by o.order_id
