-- title: No delivery arguments are without a script to take them
-- protects: orders.delivery_args_need_script

-- check orders:
json_typeof(delivery_script_args::json) = 'null'
or coalesce(btrim(delivery_script_name::text, E' \t\n\r\f\x0b'), '') <> ''
