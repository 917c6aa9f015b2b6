-- title: CHECK rejects CRM deliveries without an API key
-- protects: orders.custom_crm_has_key

-- function:
create or replace function order_audit.custom_crm_has_key(script_name text, args json) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- include: one_order
grant execute on function order_audit.custom_crm_has_key(text, json) to public

-- check orders:
delivery_script_name is null
or delivery_script_name::text <> 'custom_crm'
or order_audit.custom_crm_has_key(delivery_script_name::text, delivery_script_args::json)
