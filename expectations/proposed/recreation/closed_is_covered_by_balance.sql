-- title: Unrecorded past recreation not covered
-- severity: warning
-- key: order_id
-- why: The order was recreated, or led to a recreation, without a record of the balance. The customer's present
--   balance does not cover its amount. Recorded recreations are judged by their recorded balance.
-- follows_from: customers.balance_is_finite by customer_id, customers.balance_is_not_negative by customer_id
-- limitations: that the money was missing at the time of recreation. No balance of that time is stored; the money may
--   have been spent since.
-- highlight: balance, amount
select o.order_id, o.first_ancestor_id, o.customer_id, c.balance, o.amount, o.order_status
-- include: not_covered_by_balance
  and (
    o.first_ancestor_id <> o.order_id
      and o.order_status in ('recreated', 'expired')
      and not exists (select from sales.recreations as r where r.order_id = o.order_id)
    or o.first_ancestor_id = o.order_id
      and o.order_status = 'recreated'
      and not exists (select from sales.recreations as r where r.predecessor_id = o.order_id)
  )
order by o.order_id
