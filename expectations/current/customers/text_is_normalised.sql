-- title: Customer text not in Unicode NFC
-- severity: info
-- key: customer_id
-- requires: encoding utf8
-- without: Unicode normal forms exist only in UTF-8 databases
-- why: Unicode can store the same letters in composed or decomposed form. Both look alike and compare as different.
--   Searches for one form miss the other, and unique indexes usually accept both.
-- highlight: customer_name, customer_email, customer_contact_name, customer_phone, address, address_state
--   where value <> normalize(value, nfc)
select c.customer_id, c.customer_name, c.customer_email, c.customer_contact_name, c.customer_phone,
  c.address, c.address_state
from customers as c
-- ASCII text is always in normal form, so most texts need no test.
where octet_length(c.customer_name::text) > char_length(c.customer_name::text) and c.customer_name::text <> normalize(c.customer_name::text, nfc)
  or octet_length(c.customer_email::text) > char_length(c.customer_email::text) and c.customer_email::text <> normalize(c.customer_email::text, nfc)
  or octet_length(c.customer_contact_name::text) > char_length(c.customer_contact_name::text) and c.customer_contact_name::text <> normalize(c.customer_contact_name::text, nfc)
  or octet_length(c.customer_phone::text) > char_length(c.customer_phone::text) and c.customer_phone::text <> normalize(c.customer_phone::text, nfc)
  or octet_length(c.address::text) > char_length(c.address::text) and c.address::text <> normalize(c.address::text, nfc)
  or octet_length(c.address_state::text) > char_length(c.address_state::text) and c.address_state::text <> normalize(c.address_state::text, nfc)
order by c.customer_id
