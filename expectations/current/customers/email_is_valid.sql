-- title: Customer's e-mail address cannot be one
-- severity: warning
-- key: customer_id
-- why: Invoices, warnings of a low balance and delivery reports go to this address and come back, if
--   anybody reads what comes back.
select c.customer_id, c.customer_name, c.customer_email
from customers as c
-- the pattern of HTML's input type email, with at least one dot in the domain
where c.customer_email::text
  !~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$'
order by c.customer_id
