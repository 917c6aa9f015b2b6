-- title: Unique index rejects customers with equal name, address and state
-- protects: customers.no_duplicate
-- requires: key customers.customer_id
-- assumes: name, address and state together are not longer than about 2,600 bytes, the limit of an index entry

-- unique index customers:
(
  -- small letters; white space becomes single spaces and is removed at both ends
  (regexp_replace(btrim(translate(lower(customer_name::text), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') collate "C"),
  (regexp_replace(btrim(translate(lower(address::text), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') collate "C"),
  (regexp_replace(btrim(translate(lower(address_state::text), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') collate "C")
)
where (
  btrim(customer_name::text, E' \t\n\r\f\x0b') <> ''
  and btrim(address::text, E' \t\n\r\f\x0b') <> ''
  and btrim(address_state::text, E' \t\n\r\f\x0b') <> ''
)
