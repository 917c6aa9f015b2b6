-- title: Phone number that cannot be dialled
-- severity: info
-- key: customer_id
-- why: Without an area code, or with letters in it, nobody can call this customer when an order fails.
select c.customer_id, c.customer_name, c.customer_phone
from customers as c
where translate(c.customer_phone::text, ' ().-', '') !~ '^([+][0-9]{8,15}|1?[0-9]{10})$'
order by c.customer_id
