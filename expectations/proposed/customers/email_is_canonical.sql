-- title: E-mail address with capitals or spaces
-- severity: info
-- key: customer_id
-- why: The unique index on contacts ignores case, but stores the entered spelling. A search that compares
--   letter by letter misses the other spelling.
-- highlight: email
select k.customer_id, k.contact_id, k.name as contact_name, k.email
from sales.contacts as k
where k.email <> lower(btrim(k.email))
order by k.customer_id
