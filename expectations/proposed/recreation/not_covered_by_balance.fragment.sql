from sales.orders as o
left join sales.customers as c on c.customer_id = o.customer_id
-- PostgreSQL sorts NaN above every number, so without the second test NaN would cover every amount.
where (
    c.balance > o.amount
    and c.balance <> 'NaN'
  ) is not true
  and o.amount is not null
  and c.customer_id is not null
