-- A part of prepare.sql, which runs it once.
-- Indexes that are absent during the backfill, and functions for ../indexes.sql, which builds them.

-- Built again after the backfill, for a fraction of the write-ahead log. Before, nothing looks for the orders of a schedule
-- or the deliveries of a script, and equal arguments are found by another index, among those of the customer.
drop index sales.orders_schedule_id, sales.deliveries_script, sales.deliveries_args;

-- The statements that drop what an interrupted build of ../indexes.sql left behind. No reader or writer waits for them. An
-- invalid index of another name stays: another session may be building it.
create function migration.drops_of_invalid_indexes() returns setof text
language sql stable
as $$
  select format('drop index concurrently %s', i.indexrelid::regclass)
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  where c.relnamespace = 'sales'::regnamespace and not i.indisvalid and (
    c.relname in ('orders_schedule_id', 'deliveries_script', 'deliveries_args')
    or c.relname in ('customers_old_id', 'orders_old_id', 'orders_old_customer', 'orders_old_ref')
    or c.relname ~ '^orders_lineage_cc(new|old)[0-9]*$'
  )
  order by 1
$$;

-- Name the transactions that are older, and for which a build of an index may therefore wait. The server says nothing
-- while it waits.
create function migration.warn_of_older_transactions(older interval default '5 seconds') returns void
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

-- The statements that build indexes for old applications, beside those of the keys: none for a column by which the old
-- table has none either.
create function migration.indexes_of_old_queries() returns setof text
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
