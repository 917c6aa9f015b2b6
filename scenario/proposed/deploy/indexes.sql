-- A part of backfill.sql. Can be run again; not in a transaction.
-- Indexes that are cheaper to build once the rows are there. Old applications query by 32-bit numbers. The rows of a
-- lineage came in the order of their numbers, which leaves its index a third larger than necessary.
-- An index that an interrupted build left behind is invalid, and would pass for a finished one.

select migration.drop_invalid_indexes();
create index concurrently if not exists customers_old_id on sales.customers ((customer_id::integer));
create index concurrently if not exists orders_old_id on sales.orders ((order_id::integer));
create index concurrently if not exists orders_old_customer on sales.orders ((customer_id::integer));
create index concurrently if not exists orders_old_ref on sales.orders ((first_ancestor_id::integer));
reindex index concurrently sales.orders_lineage;
