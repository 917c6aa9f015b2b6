-- Deploy sales:switch to pg. Can be run again: where it is done, it changes nothing.
-- [requires: verify]
-- The old names become views of the new tables. Takes ACCESS EXCLUSIVE on both old tables for some milliseconds, both
-- within one lock timeout of 100 ms. After a timeout, nothing has changed: run it again.
-- Rows in quarantine (customers and orders, counted together) stop it. To switch with at most 90 of them:
-- PGOPTIONS='-c migration.accept_quarantine=90' sqitch deploy

begin;
set local lock_timeout = '100ms';
set local statement_timeout = '10s';

\ir checks/dropped.sql
\ir checks/tables.sql
\ir checks/lock.sql

do $$
declare
  part record;
  found text;
  accepted bigint := coalesce(nullif(current_setting('migration.accept_quarantine', true), ''), '0');
  customers bigint;
  orders bigint;
begin
  if to_regclass('migration.step') is null then
    raise exception 'the objects of the migration do not exist: deploy prepare first';
  elsif exists (select from migration.step as s where s.name = 'switch') then
    raise notice 'switch is done already';
    return;
  end if;
  perform pg_temp.lock_tables('{public.customers,public.orders}');
  if exists (
    select from pg_catalog.pg_class as c
    where c.oid in ('public.customers'::regclass, 'public.orders'::regclass) and c.relrowsecurity
  ) then
    raise exception 'a table has row-level security since a moment ago, which its view would bypass';
  end if;
  if not migration.is_verified() then
    raise exception 'both sides were not verified to be equal within the last day: verify first'
      using hint = 'psql -X -v ON_ERROR_STOP=1 -f deploy/verify.sql compares again; so does order-audit migrate run';
  end if;
  -- Writes that were postponed while the new side held the row lock: old applications must read them.
  perform migration.copy_all_pending();
  select string_agg(format('%s.%s (%s)', c.tab, c.name, c.type), ', ' order by c.tab, c.name) into found
  from migration.new_columns as c;
  if found is not null then
    raise exception 'old applications would lose added or changed columns: %', found
      using hint = 'carry an added column with order-audit migrate run --carry TABLE.COLUMN, or drop it';
  end if;
  select count(*) into customers from migration.quarantined_customer;
  select count(*) into orders from migration.quarantined_order;
  if customers + orders > accepted then
    raise object_not_in_prerequisite_state using
      message = format('not switched: rows in quarantine: %s of customers, %s of orders', customers, orders),
      hint = 'order-audit migrate status lists reasons and fixes.'
        ' The setting migration.accept_quarantine is the number of rows to accept, customers and orders together.';
  end if;
  -- the sequences keep their names
  for part in select s.sequence from migration.old_sequences as s loop
    execute format('alter sequence %s owned by none', part.sequence);
  end loop;
  perform migration.copy_privileges('public.customers', 'sales_old.customers');
  perform migration.copy_privileges('public.orders', 'sales_old.orders');
  alter table public.customers set schema migration;
  alter table public.orders set schema migration;
  alter view sales_old.customers set schema public;
  alter view sales_old.orders set schema public;
  insert into migration.step (name) values ('switch');
end
$$;

commit;
