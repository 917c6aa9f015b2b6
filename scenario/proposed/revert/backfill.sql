-- Revert sales:backfill from pg
-- What was copied stays until the tables go: both sides are equal as long as they are synchronised.
begin;
delete from migration.step where name in ('backfill', 'backfill of customers', 'backfill of orders');
commit;
