-- Verify sales_partition:partition on pg. Can be run again: it only reads.
begin;
select 1 / (c.relkind = 'p')::integer from pg_catalog.pg_class as c where c.oid = 'sales.orders'::regclass;
select 1 / (count(*) = 0)::integer from pg_catalog.pg_constraint as k
where 'sales.orders'::regclass in (k.conrelid, k.confrelid) and k.conparentid = 0 and not k.convalidated;
select 1 / (count(*) > 0)::integer from pg_catalog.pg_constraint as k
where k.conrelid = 'sales.orders'::regclass and k.confrelid = k.conrelid;
select 1 / (sales_private.numbers_left() > 0)::integer;
select 1 / (count(*) = 0)::integer from sales.orders_beyond;
rollback;
