-- Deploy sales:backfill to pg
-- [requires: synchronise]
-- Copies the existing rows in batches of 500, each committed: do not run it in a transaction. It may be interrupted and
-- run again. `order-audit migrate run` does the same, with progress and a throttle.

set lock_timeout = '100ms';
-- a CHECK does not cover rows that are older than its function's last replacement
set constraint_exclusion = off;
call migration.backfill_all();
