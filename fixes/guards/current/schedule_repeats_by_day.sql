-- title: CHECK rejects schedules that repeat, but not by day
-- protects: orders.schedule_repeats_by_day
-- assumes: no schedule is intended to repeat with a period other than whole days

-- function:
create or replace function order_audit.schedule_repeats_by_day(bits text) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  -- With a period of at most 167, all bits but the last 167 occur again later, at few positions if at all.
  head constant text := left(bits, greatest(length(bits) - 167, 1));
  period integer := 1;
  further integer;
begin
  if position('1' in bits) = 0 or position('0' in bits) = 0
    -- a whole period of equal bits would make all bits equal
    or length(head) >= 167 and (position('1' in head) = 0 or position('0' in head) = 0)
    -- the schedule repeats after one, two or three days
    or left(bits, greatest(length(bits) - 48, 0)) = substr(bits, 49)
    or left(bits, greatest(length(bits) - 96, 0)) = substr(bits, 97)
    or left(bits, greatest(length(bits) - 144, 0)) = substr(bits, 145)
  then
    return true;
  end if;
  loop
    further := position(head in substr(bits, period + 2));
    period := period + further;
    if further = 0 or period > least(167, length(bits) - 1) then
      return true;
    elsif left(bits, length(bits) - period) = substr(bits, period + 1) then
      return false;
    end if;
  end loop;
end
$$;
grant execute on function order_audit.schedule_repeats_by_day(text) to public

-- check orders:
order_schedule is null or order_audit.schedule_repeats_by_day(order_schedule::text)
