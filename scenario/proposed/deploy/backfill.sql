-- Deploy sales:backfill to pg
-- [requires: synchronise]
-- Rows that are there already, in batches of 500, each committed: run outside of a transaction. It can be stopped at any
-- time and run again. `order-audit migrate run` does the same, with progress, and slower where others wait.

set lock_timeout = '100ms';
-- a CHECK says nothing of rows that came in before its function was replaced
set constraint_exclusion = off;
call migration.backfill_all();
