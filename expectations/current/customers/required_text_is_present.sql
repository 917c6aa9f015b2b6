-- title: Required customer text is missing
-- severity: warning
-- key: customer_id
-- why: NOT NULL excludes NULL, but accepts an empty or blank text. An invoice or a letter that uses the text lacks it.
-- highlight: customer_name, customer_email, customer_contact_name, address, address_state
--   where coalesce(btrim(value, E' \t\n\r\f\x0b'), '') = ''
-- unfixed: the missing name, e-mail address, contact, address or state is not in the data. Ask the customer.
select c.customer_id, c.customer_name, c.customer_email, c.customer_contact_name, c.address, c.address_state
from customers as c
where coalesce(btrim(c.customer_name::text, E' \t\n\r\f\x0b'), '') = ''
  or coalesce(btrim(c.customer_email::text, E' \t\n\r\f\x0b'), '') = ''
  or coalesce(btrim(c.customer_contact_name::text, E' \t\n\r\f\x0b'), '') = ''
  or coalesce(btrim(c.address::text, E' \t\n\r\f\x0b'), '') = ''
  or coalesce(btrim(c.address_state::text, E' \t\n\r\f\x0b'), '') = ''
order by c.customer_id
