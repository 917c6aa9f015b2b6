-- title: Live recreation not covered by balance
-- severity: critical
-- key: order_id
-- why: Orders are only recreated if the balance is greater than the amount. The customer's present balance does not
--   cover this live recreation, so its leads may remain unpaid. A balance that is NaN or missing covers no order
--   here.
-- limitations: that the money was missing at the time of recreation, or will be. It may have been spent on this order
--   since, and a payment may be on its way.
-- follows_from: customers.balance_is_finite by customer_id, customers.balance_is_not_negative by customer_id
-- highlight: customer_balance, order_amount
-- diagram: balance of customer_id
select o.order_id, o.order_ref, o.customer_id, c.customer_balance, o.order_amount, o.order_status
-- include: not_covered_by_balance
  and o.order_ref <> o.order_id
  and o.order_status::text in ('pending', 'active', 'paused')
order by o.order_id
