-- Deploy sales:prepare to pg. Runs once: run again, it stops with one line, because the schema migration exists.
-- [requires: expand]
-- Creates the objects that keep the current and the proposed tables equal: functions, quarantine, and the views for old
-- applications. Takes no strong lock on the current tables and has no effect yet.
--
-- The way of a row, with the files of prepare/ in brackets:
--   old to new   A trigger of the old table [to_new] or the backfill [backfill, indexes] calls migration.copy_to_new
--                [copy_to_new]. That judges the rows [faults, copy_or_quarantine_customers, copy_or_quarantine_orders].
--                It copies valid ones to the new tables [copy_valid_customers, copy_valid_orders] and others to the
--                quarantine [quarantine]. Frequent writes have a fast path past all this: in the trigger itself, and for
--                one new order [try_copy_new_order].
--   new to old   Triggers of the new tables write changed columns to the old ones [to_old].
--   views        Their triggers write to the old tables [views, writes], and so on as above.
--   left over    Rows in quarantine, and rows that both sides held at once, are judged again later [left_over].
-- A write is copied once, because a copy is no write of an application [direction]. What both sides share, or only old
-- applications read, is in [tables, numbers, old_forms]. What compares both sides is in [compare]. Columns that are added
-- meanwhile are carried by all of these [carry]. The last file hides secrets from old applications [secrets].

begin;
set local lock_timeout = '2s';
set local statement_timeout = '1min';
-- whatever the default of the database or the role
set local standard_conforming_strings = on;
set local quote_all_identifiers = off;

do $$
begin
  if to_regclass('migration.step') is not null then
    raise exception 'prepare is done already: continue with synchronise, or revert prepare first';
  elsif to_regclass('sales.order_status_changes') is null then
    raise exception 'the schema sales does not exist: deploy expand first';
  end if;
end
$$;

\ir checks/dropped.sql
\ir prepare/tables.sql
\ir prepare/direction.sql
\ir prepare/old_forms.sql
\ir prepare/numbers.sql
\ir prepare/faults.sql
\ir prepare/quarantine.sql
\ir prepare/copy_to_new.sql
\ir prepare/copy_or_quarantine_customers.sql
\ir prepare/copy_valid_customers.sql
\ir prepare/copy_or_quarantine_orders.sql
\ir prepare/copy_valid_orders.sql
\ir prepare/try_copy_new_order.sql
\ir prepare/to_new.sql
\ir prepare/to_old.sql
\ir prepare/views.sql
\ir prepare/writes.sql
\ir prepare/left_over.sql
\ir prepare/backfill.sql
\ir prepare/indexes.sql
\ir prepare/compare.sql
\ir prepare/carry.sql
\ir prepare/secrets.sql

insert into migration.step (name) values ('prepare');

commit;
