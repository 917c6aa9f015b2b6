-- title: E-mail address with capitals or spaces
-- severity: info
-- key: customer_id
-- why: A search that compares letter by letter finds one spelling of an address and misses the other.
-- highlight: customer_email
select c.customer_id, c.customer_name, c.customer_email
from customers as c
where c.customer_email::text <> lower(btrim(c.customer_email::text))
order by c.customer_id
