-- Revert sales:synchronise from pg. Can be run again: where the sides are not synchronised, it changes nothing.
-- The old tables stand alone again, with all writes of the meantime.

begin;
set local lock_timeout = '200ms';
set local statement_timeout = '10s';
set local sales.correcting = 'on';
\ir ../deploy/checks/lock.sql
do $$
declare
  part record;
  emptied constant text := 'sales.customers, sales.ledger_entries, sales.contacts, sales.addresses, sales.orders,'
    ' sales.recreations, sales.order_status_changes, sales.deliveries, sales_private.secrets, sales_old.delivery_texts,'
    ' sales_old.null_args, migration.quarantined_customer, migration.quarantined_order,'
    ' migration.quarantined_fact, migration.pending, migration.incomplete_customer';
begin
  if to_regclass('migration.step') is null then
    return;
  elsif not exists (select from migration.step as s where s.name = 'synchronise') then
    return;
  elsif exists (select from migration.step as s where s.name in ('backfill', 'verify', 'switch')) then
    raise exception 'a later step is done: revert switch, verify and backfill first';
  end if;
  -- the lock that dropping a trigger and TRUNCATE need, at once: upgrading a weaker lock could deadlock
  perform pg_temp.lock_tables('{public.customers,public.orders}' || string_to_array(emptied, ', '));
  for part in
    select t.tgname, t.tgrelid::regclass as tab
    from pg_catalog.pg_trigger as t
    where t.tgrelid in ('public.customers'::regclass, 'public.orders'::regclass)
      and t.tgfoid in (select p.oid from pg_catalog.pg_proc as p where p.pronamespace = to_regnamespace('migration'))
  loop
    execute format('drop trigger %I on %s', part.tgname, part.tab);
  end loop;
  delete from migration.step as s where s.name = 'synchronise';
  -- Deletes the copies, which are no longer up to date: a new synchronisation starts empty. If other tables reference
  -- them, they stay, and synchronisation cannot start again.
  begin
    execute format('truncate %s', emptied);
  exception
    when feature_not_supported then
      insert into migration.step (name) values ('out of date') on conflict do nothing;
  end;
end
$$;
commit;
