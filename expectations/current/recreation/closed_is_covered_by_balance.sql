-- title: Past recreation that today's balance would not cover
-- severity: warning
-- key: order_id
-- why: Each of these was recreated, or led to a recreation, although the customer's present balance does
--   not cover the amount.
-- limitations: that the money was missing when it was recreated. The schema keeps no balance as of then: it may have
--   been there, and been spent since.
-- highlight: customer_balance, order_amount
-- hidden_by: schema.status_has_history orders.order_status, schema.table_has_timestamps orders
-- diagram: balance of customer_id
select o.order_id, o.order_ref, o.customer_id, c.customer_balance, o.order_amount, o.order_status
from orders as o
left join customers as c on c.customer_id = o.customer_id
-- PostgreSQL sorts NaN above every number: without the second test it would cover everything
where (
    c.customer_balance > o.order_amount
    and (c.customer_balance < 1e300 or c.customer_balance::text <> 'NaN')
  ) is not true
  and o.order_amount is not null
  and c.customer_id is not null
  and (
    o.order_ref <> o.order_id and o.order_status::text in ('recreated', 'expired')
    or o.order_ref = o.order_id and o.order_status::text = 'recreated'
  )
order by o.order_id
