-- title: Customer without a main address
-- severity: warning
-- key: customer_id
-- why: No address of the customer is marked as main. Invoices have no address, and taxes have no state.
select c.customer_id, c.name as customer_name
from sales.customers as c
where not exists (select from sales.addresses as a where a.customer_id = c.customer_id and a.is_main)
order by c.customer_id
