from orders as o
left join customers as c on c.customer_id = o.customer_id
-- PostgreSQL sorts NaN above every number, so without the second test NaN would cover every amount.
where (
    c.customer_balance > o.order_amount
    and (c.customer_balance < 1e300 or c.customer_balance::text <> 'NaN')
  ) is not true
  and o.order_amount is not null
  and c.customer_id is not null
