-- title: Unique index rejects duplicate customer e-mail addresses
-- protects: customers.email_is_unique
-- requires: key customers.customer_id
-- assumes: no address is longer than some 2,600 bytes, which is what an index holds

-- unique index customers:
((lower(btrim(customer_email::text)) collate "C"))
where (btrim(customer_email::text, E' \t\n\r\f\x0b') <> '')
