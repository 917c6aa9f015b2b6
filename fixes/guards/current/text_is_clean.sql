-- title: No customer text has stray or invisible characters
-- protects: customers.text_is_clean

-- check customers:
customer_name::text
  !~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
and customer_email::text
  !~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
and customer_contact_name::text
  !~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
and customer_phone::text
  !~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
and address::text
  !~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
and address_state::text
  !~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
