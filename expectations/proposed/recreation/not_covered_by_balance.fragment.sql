from sales.orders as o
left join sales.customers as c on c.customer_id = o.customer_id
-- PostgreSQL sorts NaN above every number: without the second test it would cover everything
where (
    c.balance > o.amount
    and c.balance <> 'NaN'
  ) is not true
  and o.amount is not null
  and c.customer_id is not null
