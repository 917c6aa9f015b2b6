-- title: E-mail address with capitals or spaces
-- severity: info
-- key: customer_id
-- why: Contacts are told apart regardless of case, and shown as they were written. Whoever compares
--   addresses letter by letter finds one of them once and misses it once.
-- highlight: email
select k.customer_id, k.contact_id, k.name as contact_name, k.email
from sales.contacts as k
where k.email <> lower(btrim(k.email))
order by k.customer_id
