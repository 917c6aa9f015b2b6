-- title: No weekly schedule drifts through the day
-- protects: orders.schedule_repeats_by_day
-- assumes: nobody means a schedule that repeats, and not by the day

-- function:
create or replace function order_audit.schedule_repeats_by_day(schedule bit varying) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return not exists (
    with orders as (
      select null::bigint as order_id, null::bigint as order_ref, null::bigint as customer_id, null::text as order_status,
        null::numeric as order_amount, schedule as order_schedule
    )
    select from (
{violation}
    ) as violation
  );
end
$$;
grant execute on function order_audit.schedule_repeats_by_day(bit varying) to public

-- check orders:
-- most schedules repeat by the day: those need no closer look
left(order_schedule::text, greatest(length(order_schedule::text) - 48, 0)) = substr(order_schedule::text, 49)
or order_audit.schedule_repeats_by_day(order_schedule)
