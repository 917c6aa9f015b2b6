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
  end if;
end
$$;

\ir ../deploy/checks/dropped.sql
\ir outside.sql
drop schema if exists sales_private, sales cascade;

commit;
