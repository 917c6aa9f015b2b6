-- title: CHECK rejects stray characters in customer texts
-- protects: customers.text_is_clean

-- check customers:
customer_name::text !~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f]'
and customer_email::text !~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f]'
and customer_contact_name::text !~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f]'
and customer_phone::text !~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f]'
and address::text !~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f]'
and address_state::text !~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f]'
-- in other encodings these numbers are other characters
and (
  getdatabaseencoding() not in ('UTF8', 'LATIN1')
  or concat_ws(
    '|', customer_name::text, customer_email::text, customer_contact_name::text, customer_phone::text, address::text,
    address_state::text
  )
    !~ '[\u0080-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
)
