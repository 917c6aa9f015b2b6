-- title: CHECK rejects delivery arguments that are not a JSON object
-- protects: orders.delivery_args_are_object

-- check orders:
json_typeof(delivery_script_args::json) in ('object', 'null')
