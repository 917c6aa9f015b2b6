-- after customers.text_is_clean: an invisible character may be all that is wrong
-- after customers.text_is_normalised: a letter in another form than the usual one may be all that is wrong
-- leave: what the address should have been stands nowhere. Somebody has to ask the customer.

-- automatic: white space around the address is taken away, where it is valid without
-- update customers by customer_id:
select v.customer_id, t.trimmed as customer_email
from violation as v
cross join lateral (select btrim(v.customer_email::text, E' \t\n\r\f\x0b') as trimmed) as t
where t.trimmed
    ~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
  and split_part(t.trimmed, '@', 2) !~ '[^.]{64}';
