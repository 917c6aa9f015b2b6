-- title: Order recreated without sufficient balance
-- severity: critical
-- key: order_id
-- requires: orders.balance_at_recreation
-- without: no balance is stored at recreation
-- why: Orders are only recreated if the balance is greater than the amount. Only the balance at the time of the
--   decision can prove a wrong recreation, or refute the suspicion.
-- highlight: balance_at_recreation, order_amount
-- hidden_by: schema.table_has_timestamps orders
-- unfixed: the order was recreated against the rule, and its deliveries cannot be undone. Decide whether to charge or
--   forgive them. recreation.is_covered_by_balance finds orders that still run unpaid.
select o.order_id, o.order_ref, o.customer_id, o.balance_at_recreation, o.order_amount, o.order_status
from orders as o
where o.order_ref <> o.order_id
  and (o.balance_at_recreation > o.order_amount and o.balance_at_recreation::text <> 'NaN') is not true
order by o.order_id
