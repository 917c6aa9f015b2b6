-- title: CHECK rejects delivery arguments without a script
-- protects: orders.delivery_args_need_script

-- check orders:
json_typeof(delivery_script_args::json) = 'null'
or coalesce(btrim(delivery_script_name::text, E' \t\n\r\f\x0b'), '') <> ''
