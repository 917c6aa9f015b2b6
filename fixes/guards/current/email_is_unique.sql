-- title: Unique index rejects duplicate customer e-mail addresses
-- protects: customers.email_is_unique
-- requires: key customers.customer_id
-- assumes: no address is longer than about 2,600 bytes, the limit of an index entry

-- unique index customers:
((lower(btrim(customer_email::text)) collate "C"))
where (btrim(customer_email::text, E' \t\n\r\f\x0b') <> '')
