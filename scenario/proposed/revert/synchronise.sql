-- Revert sales:synchronise from pg
-- The old tables are on their own again, with every write made meanwhile.

begin;
set local lock_timeout = '200ms';
set local statement_timeout = '10s';
-- at once what dropping a trigger takes: from a lesser lock on, somebody could wait for us whom we wait for
lock table public.customers, public.orders in access exclusive mode;
do $$
declare
  part record;
begin
  for part in
    select t.tgname, t.tgrelid::regclass as tab
    from pg_catalog.pg_trigger as t
    where t.tgrelid in ('public.customers'::regclass, 'public.orders'::regclass)
      and t.tgname in ('migration_insert', 'migration_update', 'migration_delete', 'migration_truncate', 'migration_round')
  loop
    execute format('drop trigger %I on %s', part.tgname, part.tab);
  end loop;
end
$$;
-- What is out of date goes: who synchronises again begins with nothing. Where somebody's own tables refer to it, it stays,
-- and there is no synchronising again from here.
do $$
begin
  truncate sales.customers, sales.ledger_entries, sales.contacts, sales.addresses, sales.orders, sales.recreations,
    sales.order_status_changes, sales.order_deliveries, sales_private.delivery_secrets, sales_private.delivery_originals,
    migration.quarantined_customer, migration.quarantined_order, migration.kept, migration.pending;
exception
  when feature_not_supported then
    insert into migration.step (name) values ('out of date') on conflict do nothing;
end
$$;
delete from migration.step where name = 'synchronise';
commit;
