-- after customers.text_is_clean: an invisible character may be the only fault
-- after customers.text_is_normalised: an unusual form of a letter may be the only fault
-- leave: the intended address is not in the data. Ask the customer.

-- automatic: surrounding white space is removed, if the address is valid without it
-- update customers by customer_id:
select v.customer_id, t.trimmed as customer_email
from violation as v
cross join lateral (select btrim(v.customer_email::text, E' \t\n\r\f\x0b') as trimmed) as t
where t.trimmed
    ~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
  and split_part(t.trimmed, '@', 2) !~ '[^.]{64}';
