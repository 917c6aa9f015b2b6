-- Verify sales:backfill on pg. Can be run again: it only reads.
-- Every row of the old tables is in the new ones, or in quarantine.
begin;
select 1 / (not exists (
  select from migration.old_customers as o
  where not exists (select from migration.customer_row as r where r.customer_id = o.customer_id)
))::integer;
select 1 / (not exists (
  select from migration.old_orders as o where not exists (select from migration.order_row as r where r.order_id = o.order_id)
))::integer;
rollback;
