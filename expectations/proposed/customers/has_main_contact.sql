-- title: Customer without a main contact
-- severity: warning
-- key: customer_id
-- why: There is nobody who is asked first: invoices and warnings of a low balance go to no one, and old
--   applications see no name and no e-mail address.
select c.customer_id, c.name as customer_name
from sales.customers as c
where not exists (select from sales.contacts as k where k.customer_id = c.customer_id and k.is_main)
order by c.customer_id
