-- A part of prepare.sql, which runs it once.
-- Backfill of existing rows, in batches.

-- Copy the next rows of an old table, by number, that are neither in the new table nor in quarantine. Locked rows are
-- skipped (`held`): the trigger of their writer copies them. `last` is null at the end.
create function migration.backfill(
  the_tab text, after_id bigint, at_most integer, out last bigint, out taken integer, out held integer
)
language plpgsql
as $$
declare
  missing bigint[];
  free bigint[];
begin
  if the_tab = 'customers' then
    select max(n.customer_id), coalesce(array_agg(n.customer_id order by n.customer_id) filter (
      where (select r.customer_id from migration.customer_row as r where r.customer_id = n.customer_id limit 1) is null
    ), '{}')
    into last, missing
    from (
      select c.customer_id from migration.old_customers as c
      where c.customer_id > after_id order by c.customer_id limit at_most
    ) as n;
    free := array(
      select c.customer_id from migration.old_customers as c where c.customer_id = any(missing) order by c.customer_id
      for no key update skip locked
    );
    if cardinality(free) > 0 then
      perform migration.copy_to_new('customers', free);
    end if;
  else
    select max(n.order_id), coalesce(array_agg(n.order_id order by n.order_id) filter (
      where (select r.order_id from migration.order_row as r where r.order_id = n.order_id limit 1) is null
    ), '{}')
    into last, missing
    from (
      select o.order_id from migration.old_orders as o where o.order_id > after_id order by o.order_id limit at_most
    ) as n;
    free := array(
      select o.order_id from migration.old_orders as o where o.order_id = any(missing) order by o.order_id
      for no key update skip locked
    );
    if cardinality(free) > 0 then
      perform migration.copy_to_new('orders', free);
    end if;
  end if;
  taken := cardinality(free);
  held := cardinality(missing) - cardinality(free);
end
$$;

-- Copy all rows in batches, each committed; then, once, the rows that were left for later. May be interrupted and called again.
-- Rows that others have locked are copied in a later pass: as many as `passes`, a tenth of a second apart.
create procedure migration.backfill_all(at_most integer default 500, passes integer default 600)
language plpgsql
as $$
declare
  part text;
  done record;
  place bigint;
  left_over bigint;
begin
  foreach part in array array['customers', 'orders'] loop
    for pass in 1 .. passes loop
      place := -9223372036854775808;
      left_over := 0;
      loop
        select * into done from migration.backfill(part, place, at_most);
        commit;
        exit when done.last is null;
        place := done.last;
        left_over := left_over + done.held;
      end loop;
      exit when left_over = 0;
      if pass = passes then
        raise lock_not_available using
          message = format('other sessions have locked rows of %s (%s), in %s passes', part, left_over, passes),
          hint = 'What is copied stays. Wait until these sessions end, or end them, and run it again.';
      end if;
      perform pg_sleep(0.1);
    end loop;
  end loop;
  foreach part in array array['customers', 'orders'] loop
    place := -9223372036854775808;
    loop
      select * into done from migration.copy_next_left_over(part, place, at_most);
      commit;
      exit when done.last is null;
      place := done.last;
    end loop;
  end loop;
end
$$;
