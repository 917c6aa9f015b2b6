-- title: Order recreated without sufficient balance
-- severity: critical
-- key: order_id
-- why: Orders are only recreated if the balance is greater than the amount. The balance recorded with this recreation
--   was not.
-- highlight: balance, amount
select r.order_id, r.first_ancestor_id, r.predecessor_id, r.balance, r.amount, r.created_at
from sales.recreations as r
-- PostgreSQL sorts NaN above every number, so without the second test NaN would cover every amount.
where (r.balance > r.amount and r.balance <> 'NaN') is not true
order by r.order_id
