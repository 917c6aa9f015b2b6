-- A part of backfill.sql. Can be run again; not in a transaction.
-- One statement a line: `order-audit migrate` runs them one by one.
-- Indexes that are cheaper to build once the rows are there. Old applications query by 32-bit numbers: always by a key,
-- and by another column where the old table has an index that begins with it. The rows of a lineage came in the order of
-- their numbers, which leaves its index a third larger than necessary.
-- A build waits for older transactions, whatever they do.
-- An index that an interrupted build left behind is invalid, and would pass for a finished one.
-- Without statistics of these expressions, the server would read a whole index to find the orders of one customer.

do $$ begin perform migration.warn_of_older_transactions(); end $$;
select migration.drops_of_invalid_indexes() \gexec
create index concurrently if not exists orders_schedule_id on sales.orders (schedule_id);
create index concurrently if not exists deliveries_script on sales.deliveries (script_name, checked_as);
create index concurrently if not exists deliveries_args on sales.deliveries (customer_id, (coalesce(jsonb_hash_extended(args, 0), 0)));
create index concurrently if not exists customers_old_id on sales.customers ((customer_id::integer));
create index concurrently if not exists orders_old_id on sales.orders ((order_id::integer));
select migration.indexes_of_old_queries() \gexec
reindex index concurrently sales.orders_lineage;
analyze sales.customers;
analyze sales.deliveries;
analyze sales.orders;
