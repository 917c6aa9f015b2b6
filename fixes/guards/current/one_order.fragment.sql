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
