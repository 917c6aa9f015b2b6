-- Revert sales:switch from pg. Can be run again: where the old names are tables, it changes nothing.
-- The old names are tables again. Locks as in the switch.

begin;
set local lock_timeout = '100ms';
set local statement_timeout = '10s';

\ir ../deploy/checks/lock.sql
do $$
declare
  part record;
begin
  if to_regclass('migration.step') is null then
    return;
  elsif not exists (select from migration.step as s where s.name = 'switch') then
    return;
  end if;
  perform pg_temp.lock_tables('{migration.customers,migration.orders}');
  perform migration.copy_privileges('public.customers', 'migration.customers');
  perform migration.copy_privileges('public.orders', 'migration.orders');
  alter view public.customers set schema sales_old;
  alter view public.orders set schema sales_old;
  alter table migration.customers set schema public;
  alter table migration.orders set schema public;
  for part in
    select s.detail ->> t.name as sequence, t.name, t.id
    from migration.step as s, (values ('customers', 'customer_id'), ('orders', 'order_id')) as t (name, id)
    where s.name = 'sequences'
  loop
    execute format('alter sequence %s owned by public.%I.%I', part.sequence, part.name, part.id);
  end loop;
  delete from migration.step as s where s.name = 'switch';
end
$$;

commit;
