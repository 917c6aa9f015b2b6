-- title: Customer without a main contact
-- severity: warning
-- key: customer_id
-- why: No contact of the customer is marked as main. Invoices and low-balance warnings have no recipient. Old
--   applications see neither a name nor an e-mail address.
select c.customer_id, c.name as customer_name
from sales.customers as c
where not exists (select from sales.contacts as k where k.customer_id = c.customer_id and k.is_main)
order by c.customer_id
