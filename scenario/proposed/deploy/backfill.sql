-- Deploy sales:backfill to pg. Can be run again at any time until contract: it copies what is missing.
-- [requires: synchronise]
-- Copies the existing rows in batches of 500, each committed: do not run it in a transaction. It may be interrupted.
-- `order-audit migrate run` does the same, with progress and a throttle.

\ir checks/dropped.sql
do $$
begin
  if to_regclass('migration.step') is null then
    raise exception 'the objects of the migration do not exist: deploy prepare first';
  elsif not exists (select from migration.step as s where s.name = 'synchronise') then
    raise exception 'the sides are not synchronised: deploy synchronise first, so that no write is missed';
  end if;
end
$$;
set lock_timeout = '100ms';
-- a batch looks for missing rows after it has its locks
set default_transaction_isolation = 'read committed';
-- a CHECK does not cover rows that are older than its function's last replacement
set constraint_exclusion = off;
call migration.backfill_all();
-- a build waits for transactions that are older than it, and holds up none
set lock_timeout = 0;
\ir indexes.sql
insert into migration.step (name) values ('backfill') on conflict do nothing;
