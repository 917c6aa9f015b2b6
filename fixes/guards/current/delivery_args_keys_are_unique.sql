-- title: No delivery arguments name a key twice
-- protects: orders.delivery_args_keys_are_unique

-- function:
create or replace function order_audit.delivery_args_keys_are_unique(script_name text, args json) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return not exists (
    with orders as (
      select null::bigint as order_id, null::bigint as order_ref, null::bigint as customer_id, null::text as order_status,
        null::numeric as order_amount, script_name as delivery_script_name, args as delivery_script_args
    )
    select from (
{violation}
    ) as violation
  );
end
$$;
grant execute on function order_audit.delivery_args_keys_are_unique(text, json) to public

-- check orders:
-- two keys take two colons
delivery_script_args is null
or delivery_script_args::text not like '%:%:%'
or order_audit.delivery_args_keys_are_unique(delivery_script_name::text, delivery_script_args::json)
