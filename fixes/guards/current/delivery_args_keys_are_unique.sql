-- title: CHECK rejects duplicate keys in delivery arguments
-- protects: orders.delivery_args_keys_are_unique

-- function:
create or replace function order_audit.delivery_args_keys_are_unique(script_name text, args json) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- include: one_order
grant execute on function order_audit.delivery_args_keys_are_unique(text, json) to public

-- check orders:
-- An object with two keys has two colons.
delivery_script_args is null
or delivery_script_args::text not like '%:%:%'
or order_audit.delivery_args_keys_are_unique(delivery_script_name::text, delivery_script_args::json)
