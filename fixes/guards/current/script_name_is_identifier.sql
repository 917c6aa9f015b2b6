-- title: CHECK rejects invalid delivery script names
-- protects: orders.script_name_is_identifier

-- check orders:
delivery_script_name::text ~ '^[a-z][a-z0-9_]*$'
