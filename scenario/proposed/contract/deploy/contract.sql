-- Deploy sales_contract:contract to pg. Runs once: run again, it stops with one line, because the old tables are gone.
-- Drops the old tables and the synchronisation. Old applications continue with views that write to the new tables
-- directly. Only a backup can undo this. It is a separate project, so that it is not deployed together with the others.

begin;
set local lock_timeout = '200ms';
set local statement_timeout = '1min';
-- whatever the default of the database or the role
set local standard_conforming_strings = on;
set local quote_all_identifiers = off;
do $$
begin
  if to_regclass('migration.step') is null then
    raise exception 'no migration is under way: either contract is done already, or expand and the other steps come first';
  elsif not exists (select from migration.step as s where s.name = 'switch') then
    raise exception 'old applications still use the old tables: switch first';
  end if;
end
$$;
-- Nothing of others is dropped or broken without a word. This lock keeps out new triggers, references, policies and
-- publications of these tables. No reader or writer conflicts with it, so that taking the stronger lock below cannot
-- deadlock with them.
\ir ../../deploy/checks/lock.sql
do $$
begin
  perform pg_temp.lock_tables('{migration.customers,migration.orders}', 'share update exclusive');
end
$$;
\ir ../../deploy/checks/dependents.sql
do $$
declare
  dependents constant jsonb := current_setting('migration.dependents');
  found text;
begin
  select string_agg(format('%s %s (%s)', d.kind, d.name, d.at_contract), '; ' order by d.kind, d.name, d.tab) into found
  from jsonb_to_recordset(dependents) as d (kind text, name text, tab text, at_contract text, blocks boolean) where d.blocks;
  if found is not null then
    raise exception 'the old tables still have dependents: %', found;
  end if;
  if not migration.is_verified() then
    raise exception 'both sides were not verified to be equal since the switch, and within the last day: compare them again'
      using hint = 'psql -X -v ON_ERROR_STOP=1 -f ../deploy/verify.sql; order-audit migrate contract compares by itself';
  end if;
  select string_agg(d.name, ', ' order by d.name) into found
  from jsonb_to_recordset(dependents) as d (kind text, name text, blocks boolean) where not d.blocks and d.kind = 'guard';
  if found is not null then
    raise warning 'guards of order-audit fixes are dropped with the old tables: %', found;
  end if;
end
$$;

-- the lock that dropping a trigger needs, at once: upgrading a weaker lock could deadlock. And the tables that go
do $$
begin
  perform pg_temp.lock_tables(
    array[
      'migration.customers', 'migration.orders', 'sales.customers', 'sales.contacts', 'sales.addresses',
      'sales.ledger_entries', 'sales.schedules', 'sales.orders', 'sales_old.delivery_texts'
    ] || array(
      select c.oid::regclass::text from pg_catalog.pg_class as c
      where c.relkind = 'r' and c.relnamespace = 'migration'::regnamespace and c.relname not in ('customers', 'orders')
      order by 1
    )
  );
end
$$;

do $$
declare
  left_over bigint;
begin
  -- writes that were postponed while the new side held the row lock
  perform migration.copy_all_pending();
  select (select count(*) from migration.quarantined_customer) + (select count(*) from migration.quarantined_order)
  into left_over;
  if left_over > 0 then
    raise exception 'the new tables reject % rows: order-audit migrate plan names their fixes', left_over;
  end if;
  if exists (select from migration.new_columns) then
    raise exception 'the old tables have columns that are not migrated: order-audit migrate status lists them';
  end if;
end
$$;

\ir parts/writes.sql
\ir parts/views.sql

-- Numbers still come from the old sequences, because old applications use their names (currval), until retire.
do $$
begin
  perform migration.advance_sequences('sales');
end
$$;
\ir ../../revert/prepare/alone.sql
drop trigger to_old on sales.customers;
drop trigger to_old_complete on sales.customers;
drop trigger to_old on sales.ledger_entries;
drop trigger to_old on sales.contacts;
drop trigger to_old on sales.addresses;
drop trigger to_old on sales.orders;
drop trigger z_to_old on sales_old.delivery_texts;
drop trigger z_to_old on sales.schedules;
alter table sales.customers no inherit migration.customer_row;
alter table sales.orders no inherit migration.order_row;

drop view migration.comparable_row, migration.differing_recreations, migration.differing_schedules, migration.new_columns,
  migration.old_number;
drop view migration.old_orders, migration.old_customers;
alter table migration.customers alter column customer_id drop default;
alter table migration.orders alter column order_id drop default;
drop table migration.orders, migration.customers;
\ir ../../deploy/checks/outside.sql
do $$
declare
  found constant text := pg_temp.outside('{migration}');
begin
  if found is not null then
    raise exception 'objects depend on the schema migration, which is dropped: %', found;
  end if;
end
$$;
set local client_min_messages = warning;
drop schema migration cascade;

commit;
