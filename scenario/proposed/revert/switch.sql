-- Revert sales:switch from pg. Can be run again: where the old names are tables, it changes nothing.
-- The old names are tables again. Locks as in the switch, and before those ACCESS EXCLUSIVE on the views.

begin;
set local lock_timeout = '100ms';
set local statement_timeout = '10s';

\ir ../deploy/checks/lock.sql
do $$
declare
  tab text;
  ends timestamptz := clock_timestamp() + interval '100 milliseconds';
  part record;
begin
  if to_regclass('migration.step') is null then
    return;
  elsif not exists (select from migration.step as s where s.name = 'switch') then
    return;
  end if;
  -- The views first, as old applications lock them: a session that has read a view may write to it, which takes its
  -- table. With the tables first, both would wait for each other until the lock timeout. All within one lock timeout.
  foreach tab in array array['customers', 'orders'] loop
    execute format('alter view public.%I set schema sales_old', tab);
    perform set_config(
      'lock_timeout', greatest(1, floor(extract(epoch from ends - clock_timestamp()) * 1000))::text, true
    );
  end loop;
  perform pg_temp.lock_tables('{migration.customers,migration.orders}');
  perform migration.copy_privileges('sales_old.customers', 'migration.customers');
  perform migration.copy_privileges('sales_old.orders', 'migration.orders');
  alter table migration.customers set schema public;
  alter table migration.orders set schema public;
  for part in select s.sequence, s.tab, s.id from migration.old_sequences as s loop
    execute format('alter sequence %s owned by public.%I.%I', part.sequence, part.tab, part.id);
  end loop;
  delete from migration.step as s where s.name = 'switch';
end
$$;

commit;
