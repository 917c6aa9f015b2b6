-- title: CHECK rejects placeholders in customer texts
-- protects: customers.text_is_not_placeholder

-- check customers:
lower(btrim(customer_name::text, E' \t\n\r\f\x0b')) not in (
  'n/a', 'na', 'none', 'null', 'nil', 'test', 'testing', 'unknown', 'tbd', 'todo', 'placeholder', 'xxx',
  '-', '.', '?'
)
and lower(btrim(customer_email::text, E' \t\n\r\f\x0b')) not in (
  'n/a', 'na', 'none', 'null', 'nil', 'test', 'testing', 'unknown', 'tbd', 'todo', 'placeholder', 'xxx',
  '-', '.', '?'
)
and lower(btrim(customer_contact_name::text, E' \t\n\r\f\x0b')) not in (
  'n/a', 'na', 'none', 'null', 'nil', 'test', 'testing', 'unknown', 'tbd', 'todo', 'placeholder', 'xxx',
  '-', '.', '?'
)
and lower(btrim(address::text, E' \t\n\r\f\x0b')) not in (
  'n/a', 'na', 'none', 'null', 'nil', 'test', 'testing', 'unknown', 'tbd', 'todo', 'placeholder', 'xxx',
  '-', '.', '?'
)
and lower(btrim(address_state::text, E' \t\n\r\f\x0b')) not in (
  'n/a', 'na', 'none', 'null', 'nil', 'test', 'testing', 'unknown', 'tbd', 'todo', 'placeholder', 'xxx',
  '-', '.', '?'
)
