-- title: CHECK rejects delivery arguments that jsonb rejects
-- protects: orders.delivery_args_convert_to_jsonb

-- function:
create or replace function order_audit.delivery_args_convert_to_jsonb(script_name text, args json) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- include: one_order
grant execute on function order_audit.delivery_args_convert_to_jsonb(text, json) to public

-- check orders:
-- No escape, no long exponent, no long text: nothing that jsonb could reject.
delivery_script_args is null
or delivery_script_args::text !~ '\\u|[eE][-+]?[0-9]{5}' and octet_length(delivery_script_args::text) <= 6000
or order_audit.delivery_args_convert_to_jsonb(delivery_script_name::text, delivery_script_args::json)
