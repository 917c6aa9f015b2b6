-- Revert sales:synchronise from pg
-- The old tables are on their own again, with every write made meanwhile. What the new side holds is out of date from now
-- on; revert prepare and expand too before it is synchronised again.

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
drop trigger to_old on sales.customers;
drop trigger to_old on sales.ledger_entries;
drop trigger to_old on sales.contacts;
drop trigger to_old on sales.addresses;
drop trigger to_old on sales.orders;
drop trigger to_old on sales.order_deliveries;
delete from migration.step where name = 'synchronise';
commit;
