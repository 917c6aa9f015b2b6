-- Revert sales:prepare from pg. Runs once: run again, it stops with one line, because nothing is left to drop.

begin;
set local lock_timeout = '200ms';
set local statement_timeout = '5min';
set local client_min_messages = warning;
do $$
begin
  if to_regclass('migration.step') is null then
    raise exception 'the objects of the migration do not exist: prepare is reverted, or contract has dropped them';
  elsif exists (select from migration.step as s where s.name = 'synchronise') then
    raise exception 'the sides are synchronised: revert synchronise first';
  end if;
end
$$;
\ir ../deploy/checks/outside.sql
do $$
begin
  perform pg_temp.warn_of_outside('{sales_old,migration}');
end
$$;
-- at once what dropping triggers takes, as in revert synchronise, and the tables that go
\ir ../deploy/checks/lock.sql
do $$
begin
  perform pg_temp.lock_tables(
    array[
      'sales.customers', 'sales.contacts', 'sales.addresses', 'sales.ledger_entries', 'sales.schedules', 'sales.orders',
      'sales.deliveries', 'sales_private.secrets'
    ] || array(
      select c.oid::regclass::text from pg_catalog.pg_class as c
      where c.relkind = 'r' and c.relnamespace in ('sales_old'::regnamespace, 'migration'::regnamespace) order by 1
    )
  );
end
$$;
alter table sales.customers no inherit migration.customer_row;
alter table sales.orders no inherit migration.order_row;
\ir prepare/alone.sql
drop index if exists sales.customers_old_id, sales.orders_old_id, sales.orders_old_customer, sales.orders_old_ref;
create index if not exists orders_schedule_id on sales.orders (schedule_id);
create index if not exists deliveries_script on sales.deliveries (script_name, checked_as);
create index if not exists deliveries_args
  on sales.deliveries (customer_id, (coalesce(jsonb_hash_extended(args, 0), 0)));
alter table sales.customers drop constraint customers_fit_old_columns;
alter table sales.contacts drop constraint contacts_fit_old_columns;
alter table sales.orders drop constraint orders_fit_old_columns;
drop schema sales_old cascade;
drop schema migration cascade;
-- the identities begin where they began
alter table sales.customers alter column customer_id restart;
alter table sales.orders alter column order_id restart;
-- the auditor needs less now
do $$
begin
  perform sales_private.grant_roles();
end
$$;
commit;
