-- Revert sales:backfill from pg
-- Copied rows stay until the tables are dropped: both sides are equal as long as they are synchronised.
begin;
delete from migration.step where name in ('backfill', 'backfill of customers', 'backfill of orders');
commit;
