-- title: Live recreation not covered by balance
-- severity: critical
-- key: order_id
-- why: Orders are only recreated if the balance is greater than the amount. This one runs on money that is
--   not there: we deliver leads that nobody will pay for.
-- highlight: balance, amount
select o.order_id, o.first_ancestor_id, o.customer_id, c.balance, o.amount, o.order_status
-- include: not_covered_by_balance
  and o.first_ancestor_id <> o.order_id
  and o.order_status in ('pending', 'active', 'paused')
order by o.order_id
