-- title: Past recreation not covered by balance
-- severity: warning
-- key: order_id
-- why: The order was recreated, or led to a recreation, but the customer's present balance does not cover its amount.
--   A balance that is NaN or missing covers no order here.
-- follows_from: customers.balance_is_finite by customer_id, customers.balance_is_not_negative by customer_id
-- limitations: that the money was missing at the time of recreation. The schema stores no past balances; the money
--   may have been spent since.
-- highlight: customer_balance, order_amount
-- hidden_by: schema.status_has_history orders.order_status, schema.table_has_timestamps orders
-- diagram: balance of customer_id
-- unfixed: the balance of that time is not stored, so the tables cannot show whether the recreation was wrong. A
--   delivery cannot be undone. Check the bookings.
-- unguarded: the rule compares today's balance with earlier decisions, and debits must never be rejected
select o.order_id, o.order_ref, o.customer_id, c.customer_balance, o.order_amount, o.order_status
-- include: not_covered_by_balance
  and (
    o.order_ref <> o.order_id and o.order_status::text in ('recreated', 'expired')
    or o.order_ref = o.order_id and o.order_status::text = 'recreated'
  )
order by o.order_id
