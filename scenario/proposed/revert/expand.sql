-- Revert sales:expand from pg. Can be run again: it drops what exists.
-- Drops all new objects with their rows: the current tables have all of them.

begin;
set local lock_timeout = '200ms';
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
\ir ../deploy/checks/outside.sql
do $$
begin
  perform pg_temp.warn_of_outside('{sales,sales_private}');
end
$$;
\ir ../deploy/checks/lock.sql
do $$
begin
  perform pg_temp.lock_tables(array(
    select c.oid::regclass::text from pg_catalog.pg_class as c
    where c.relkind = 'r' and c.relnamespace in (to_regnamespace('sales'), to_regnamespace('sales_private'))
    order by 1
  ));
end
$$;
drop schema if exists sales_private, sales cascade;

commit;
