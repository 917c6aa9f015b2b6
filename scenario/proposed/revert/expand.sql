-- Revert sales:expand from pg. Can be run again: it drops what exists.
-- Drops all new objects with their rows: the current tables have all of them.

begin;
set local lock_timeout = '2s';
set local statement_timeout = '5min';
set local client_min_messages = warning;

do $$
begin
  if to_regclass('migration.step') is not null then
    raise exception 'the objects of the migration still exist: revert synchronise and prepare first';
  elsif exists (
    select from pg_catalog.pg_class as c where c.oid = to_regclass('public.orders') and c.relkind = 'v'
  ) then
    raise exception 'contract has dropped the old tables: only the schema sales has their rows';
  end if;
end
$$;

\ir outside.sql
drop schema if exists sales_private, sales cascade;

commit;
