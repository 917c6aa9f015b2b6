-- title: Customer text has stray characters
-- severity: info
-- key: customer_id
-- why: Surrounding white space, control characters and invisible characters make texts that look equal differ, and
--   can break exports. They can also make a text display differently from what is stored. U+FFFD marks letters that
--   are already lost.
-- highlight: customer_name, customer_email, customer_contact_name, customer_phone, address, address_state
--   where value ~ '^[\u0020\t\n\r\f\v]|[\u0020\t\n\r\f\v]$|[\u0001-\u001f\u007f]'
--   or getdatabaseencoding() in ('UTF8', 'LATIN1')
--   and value ~ '[\u0080-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
select c.customer_id, c.customer_name, c.customer_email, c.customer_contact_name, c.customer_phone,
  c.address, c.address_state
from customers as c
-- White space at either end, or, anywhere, control characters, no-break space, soft hyphen, zero-width and
-- direction-changing characters, byte order mark or U+FFFD. Test all texts joined, then each. Use the database's
-- collation, because those of the columns may differ.
where concat_ws(
    '|', c.customer_name, c.customer_email, c.customer_contact_name, c.customer_phone, c.address, c.address_state
  ) collate "default"
    ~ '(^|\|)[ \t\n\r\f\v]|[ \t\n\r\f\v](\||$)|[\u0001-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
  and exists (
    select
    from (values
      (c.customer_name::text),
      (c.customer_email::text),
      (c.customer_contact_name::text),
      (c.customer_phone::text),
      (c.address::text),
      (c.address_state::text)
    ) as t (value)
    where t.value ~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f]'
      -- In other encodings these numbers are other characters: U+0092 is the apostrophe of WIN1252.
      or getdatabaseencoding() in ('UTF8', 'LATIN1')
        and t.value ~ '[\u0080-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
  )
order by c.customer_id
