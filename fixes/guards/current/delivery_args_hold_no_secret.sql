-- title: No delivery arguments hold a secret in clear text
-- protects: orders.delivery_args_hold_no_secret

-- function:
create or replace function order_audit.delivery_args_hold_no_secret(script_name text, args json) returns boolean
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
grant execute on function order_audit.delivery_args_hold_no_secret(text, json) to public

-- check orders:
-- no object, no key
delivery_script_args is null
or strpos(delivery_script_args::text, '{') = 0
or order_audit.delivery_args_hold_no_secret(delivery_script_name::text, delivery_script_args::json)
