-- title: Customer text is a placeholder
-- severity: warning
-- key: customer_id
-- why: The text of a required field usually stands for a missing value. Checks for missing values accept it.
-- limitations: that a value is missing. A company can have such a name.
-- highlight: customer_name, customer_email, customer_contact_name, address, address_state
--   where lower(btrim(value, E' \t\n\r\f\x0b')) in ('n/a', 'na', 'none', 'null', 'nil', 'test',
--   'testing', 'unknown', 'tbd', 'todo', 'placeholder', 'xxx', '-', '.', '?')
-- unfixed: the missing value is not in the data, and the text may be a real name. Ask the customer.
select c.customer_id, c.customer_name, c.customer_email, c.customer_contact_name, c.address, c.address_state
from customers as c
cross join lateral (
  select array[
    'n/a', 'na', 'none', 'null', 'nil', 'test', 'testing', 'unknown', 'tbd', 'todo', 'placeholder', 'xxx',
    '-', '.', '?'
  ] as words
) as w
-- Cheap test first: no placeholder has more than 11 letters, and few texts are that short.
where length(btrim(c.customer_name::text, E' \t\n\r\f\x0b')) <= 11
    and lower(btrim(c.customer_name::text, E' \t\n\r\f\x0b')) = any (w.words)
  or length(btrim(c.customer_email::text, E' \t\n\r\f\x0b')) <= 11
    and lower(btrim(c.customer_email::text, E' \t\n\r\f\x0b')) = any (w.words)
  or length(btrim(c.customer_contact_name::text, E' \t\n\r\f\x0b')) <= 11
    and lower(btrim(c.customer_contact_name::text, E' \t\n\r\f\x0b')) = any (w.words)
  or length(btrim(c.address::text, E' \t\n\r\f\x0b')) <= 11
    and lower(btrim(c.address::text, E' \t\n\r\f\x0b')) = any (w.words)
  or length(btrim(c.address_state::text, E' \t\n\r\f\x0b')) <= 11
    and lower(btrim(c.address_state::text, E' \t\n\r\f\x0b')) = any (w.words)
order by c.customer_id
