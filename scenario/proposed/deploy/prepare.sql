-- Deploy sales:prepare to pg. Runs once: run again, it stops with one line, because the schema migration exists.
-- [requires: expand]
-- Creates the objects that keep the current and the proposed tables equal: functions, quarantine, and the views for old
-- applications. Takes no strong lock on the current tables and has no effect yet.

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
\ir prepare/put.sql
\ir prepare/write_customers.sql
\ir prepare/write_orders.sql
\ir prepare/copy_orders.sql
\ir prepare/add_order.sql
\ir prepare/to_new.sql
\ir prepare/to_old.sql
\ir prepare/views.sql
\ir prepare/settle.sql
\ir prepare/backfill.sql
\ir prepare/compare.sql
\ir prepare/carry.sql
\ir prepare/secrets.sql

insert into migration.step (name) values ('prepare');

commit;
