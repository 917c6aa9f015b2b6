-- title: CHECK rejects missing customer names, e-mail addresses, contacts, addresses and states
-- protects: customers.required_text_is_present

-- check customers:
coalesce(btrim(customer_name::text, E' \t\n\r\f\x0b'), '') <> ''
and coalesce(btrim(customer_email::text, E' \t\n\r\f\x0b'), '') <> ''
and coalesce(btrim(customer_contact_name::text, E' \t\n\r\f\x0b'), '') <> ''
and coalesce(btrim(address::text, E' \t\n\r\f\x0b'), '') <> ''
and coalesce(btrim(address_state::text, E' \t\n\r\f\x0b'), '') <> ''
