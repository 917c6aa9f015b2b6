-- title: Contact references a missing customer
-- severity: critical
-- key: contact_id
-- why: Its customer is not there. It keeps the data of a person for no purpose, and its address taken:
--   nobody else can register with it.
-- highlight: customer_id
select k.contact_id, k.customer_id
from sales.contacts as k
left join sales.customers as c on c.customer_id = k.customer_id
where c.customer_id is null
order by k.contact_id
