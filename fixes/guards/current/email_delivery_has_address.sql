-- title: No delivery by e-mail is without a valid address
-- protects: orders.email_delivery_has_address

-- function:
create or replace function order_audit.email_delivery_has_address(script_name text, args json) returns boolean
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
grant execute on function order_audit.email_delivery_has_address(text, json) to public

-- check orders:
delivery_script_name is null
or delivery_script_name::text <> 'email_delivery'
or order_audit.email_delivery_has_address(delivery_script_name::text, delivery_script_args::json)
