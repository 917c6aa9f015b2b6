-- title: CHECK rejects e-mail deliveries without a valid address
-- protects: orders.email_delivery_has_address

-- function:
create or replace function order_audit.email_delivery_has_address(script_name text, args json) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- include: one_order
grant execute on function order_audit.email_delivery_has_address(text, json) to public

-- check orders:
delivery_script_name is null
or delivery_script_name::text <> 'email_delivery'
or order_audit.email_delivery_has_address(delivery_script_name::text, delivery_script_args::json)
