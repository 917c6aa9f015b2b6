from (values
  ('customer_name', v.customer_name::text),
  ('customer_email', v.customer_email::text),
  ('customer_contact_name', v.customer_contact_name::text),
  ('customer_phone', v.customer_phone::text),
  ('address', v.address::text),
  ('address_state', v.address_state::text)
) as c (name, value)
