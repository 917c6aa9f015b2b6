-- title: Contact references a missing customer
-- severity: critical
-- key: contact_id
-- why: The contact belongs to a customer that does not exist. Personal data is kept without a purpose, and no other
--   contact can use the e-mail address.
-- highlight: customer_id
select k.contact_id, k.customer_id
from sales.contacts as k
left join sales.customers as c on c.customer_id = k.customer_id
where c.customer_id is null
order by k.contact_id
