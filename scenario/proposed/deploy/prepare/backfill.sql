-- A part of prepare.sql, which runs it once.
-- Backfill of existing rows, in batches.

-- Copy the next rows of an old table, by number, that are neither in the new table nor in quarantine. Locked rows are
-- skipped (`held`): the trigger of their writer copies them. `last` is null at the end.
create function migration.backfill(
  what text, after_id bigint, at_most integer, out last bigint, out taken integer, out held integer
)
language plpgsql
as $$
declare
  missing bigint[];
  free bigint[];
begin
  if what = 'customers' then
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
      perform migration.put('customers', free);
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
      perform migration.put('orders', free);
    end if;
  end if;
  taken := cardinality(free);
  held := cardinality(missing) - cardinality(free);
end
$$;

-- Copy all rows in batches, each committed; then settle once what was left for later. May be interrupted and called again.
-- Rows that others have locked are copied in a later pass: as many as `passes`, a tenth of a second apart.
create procedure migration.backfill_all(at_most integer default 500, passes integer default 600)
language plpgsql
as $$
declare
  what text;
  done record;
  place bigint;
  left_over bigint;
begin
  foreach what in array array['customers', 'orders'] loop
    for pass in 1 .. passes loop
      place := -9223372036854775808;
      left_over := 0;
      loop
        select * into done from migration.backfill(what, place, at_most);
        commit;
        exit when done.last is null;
        place := done.last;
        left_over := left_over + done.held;
      end loop;
      exit when left_over = 0;
      if pass = passes then
        raise lock_not_available using
          message = format('other sessions have locked rows of %s (%s), in %s passes', what, left_over, passes),
          hint = 'What is copied stays. Wait until these sessions end, or end them, and run it again.';
      end if;
      perform pg_sleep(0.1);
    end loop;
  end loop;
  foreach what in array array['customers', 'orders'] loop
    place := -9223372036854775808;
    loop
      select * into done from migration.settle_next(what, place, at_most);
      commit;
      exit when done.last is null;
      place := done.last;
    end loop;
  end loop;
end
$$;

-- The statements that drop what an interrupted build of an index left behind. No reader or writer waits for them.
create function migration.drops_of_invalid_indexes() returns setof text
language sql stable
as $$
  select format('drop index concurrently %s', i.indexrelid::regclass)
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c on c.oid = i.indrelid
  where c.relnamespace = 'sales'::regnamespace and not i.indisvalid
  order by 1
$$;

-- Name the transactions that are older, and for which a build of an index may therefore wait. The server says nothing
-- while it waits.
create function migration.name_older_transactions(older interval default '5 seconds') returns void
language plpgsql
as $$
declare
  part record;
begin
  for part in
    select a.pid, a.usename, a.state, a.xact_start
    from pg_catalog.pg_stat_activity as a
    where a.datname = current_database() and a.pid <> pg_backend_pid() and a.backend_type = 'client backend'
      and a.xact_start < clock_timestamp() - older
    order by a.xact_start
  loop
    raise warning 'index builds may wait for process % (%, %), whose transaction began %', part.pid, part.usename, part.state,
      part.xact_start
      using hint = format('Wait until it ends, or end it: select pg_terminate_backend(%s)', part.pid);
  end loop;
end
$$;

-- Built again by indexes.sql, for a fraction of the write-ahead log. Before, nothing looks for the orders of a schedule or
-- the deliveries of a script, and equal arguments are found by another index, among those of the customer.
drop index sales.orders_schedule_id, sales.deliveries_script, sales.deliveries_args;

-- The statements that build indexes for old applications, beside those of the keys: none for a column by which the old
-- table has none either.
create function migration.indexes_as_before() returns setof text
language sql stable
as $$
  select format('create index concurrently if not exists %I on sales.orders ((%I::integer))', n.name, n.new_column)
  from (values
    ('customer_id', 'customer_id', 'orders_old_customer'), ('order_ref', 'first_ancestor_id', 'orders_old_ref')
  ) as n (old_column, new_column, name)
  where exists (
    select from pg_catalog.pg_index as i
    join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid in (to_regclass('public.orders'), to_regclass('migration.orders')) and i.indisvalid
      and a.attname = n.old_column
  )
  order by n.name
$$;
