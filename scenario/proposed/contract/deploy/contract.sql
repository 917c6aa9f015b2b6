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
  found text;
begin
  select string_agg(format('%s %s (%s)', d.kind, d.name, d.at_contract), '; ' order by d.kind, d.name, d.tab) into found
  from migration_checks.dependents as d where d.blocks;
  if found is not null then
    raise exception 'the old tables still have dependents: %', found;
  end if;
  if not migration.is_verified() then
    raise exception 'both sides were not verified to be equal since the switch, and within the last day: compare them again'
      using hint = 'psql -X -v ON_ERROR_STOP=1 -f ../deploy/verify.sql; order-audit migrate contract compares by itself';
  end if;
  select string_agg(d.name, ', ' order by d.name) into found
  from migration_checks.dependents as d where not d.blocks and d.kind = 'guard';
  if found is not null then
    raise warning 'guards of order-audit fixes are dropped with the old tables: %', found;
  end if;
end
$$;
drop view migration_checks.dependents;
drop schema migration_checks;

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
  perform migration.settle_pending();
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

-- Writes of old applications, without the old tables: rows that the new tables reject are now errors.
create or replace function sales_old.write_customer() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set sales.correcting = 'on'
as $$
declare
  is_now public.customers;
begin
  if tg_op = 'INSERT' then
    new.customer_balance := coalesce(new.customer_balance, 0);
    insert into sales.customers (customer_id, name) values (new.customer_id, new.customer_name);
    insert into sales.contacts (customer_id, name, email, phone)
    values (new.customer_id, new.customer_contact_name, new.customer_email, new.customer_phone);
    insert into sales.addresses (customer_id, street, state_code) values (new.customer_id, new.address, new.address_state);
    if new.customer_balance <> 0 then
      insert into sales.ledger_entries (customer_id, amount, reason)
      values (new.customer_id, new.customer_balance::text::numeric, 'opening balance');
    end if;
    perform sales_old.write_carried(tg_relid, 'sales.customers', 'customers', new.customer_id, null, new::text)
    where exists (select from sales_old.carried);
    return new;
  end if;
  perform from sales.customers as c where c.customer_id = old.customer_id for no key update;
  select v.* into is_now from public.customers as v where v.customer_id = old.customer_id;
  if not found then
    return null;
  end if;
  if tg_op = 'DELETE' then
    delete from sales.ledger_entries as e where e.customer_id = old.customer_id;
    delete from sales.customers as c where c.customer_id = old.customer_id;
    return old;
  end if;
  if new.customer_id <> old.customer_id then
    raise feature_not_supported using message = 'the number of a customer cannot change';
  end if;
  -- most rows are unchanged, which is cheap to test
  if old::text <> is_now::text
    and sales_old.overtaken(to_jsonb(old) - 'customer_balance', to_jsonb(new) - 'customer_balance', to_jsonb(is_now)) then
    raise serialization_failure using message = 'could not serialize access due to concurrent update';
  end if;
  if new.customer_name is distinct from old.customer_name then
    update sales.customers as c set name = new.customer_name where c.customer_id = old.customer_id;
  end if;
  if (new.customer_contact_name, new.customer_email, new.customer_phone) is distinct from
    (old.customer_contact_name, old.customer_email, old.customer_phone) then
    insert into sales.contacts as k (customer_id, name, email, phone)
    values (old.customer_id, new.customer_contact_name, new.customer_email, new.customer_phone)
    on conflict (customer_id) where is_main do update
    set name = case when new.customer_contact_name is distinct from old.customer_contact_name then excluded.name else k.name end,
      email = case when new.customer_email is distinct from old.customer_email then excluded.email else k.email end,
      phone = case when new.customer_phone is distinct from old.customer_phone then excluded.phone else k.phone end;
  end if;
  if (new.address, new.address_state) is distinct from (old.address, old.address_state) then
    insert into sales.addresses as a (customer_id, street, state_code)
    values (old.customer_id, new.address, new.address_state)
    on conflict (customer_id) where is_main do update
    set street = case when new.address is distinct from old.address then excluded.street else a.street end,
      state_code = case when new.address_state is distinct from old.address_state then excluded.state_code else a.state_code end;
  end if;
  if new.customer_balance is distinct from old.customer_balance then
    -- the difference, which is correct even after a concurrent change; a negative balance is rejected
    insert into sales.ledger_entries (customer_id, amount, reason)
    values (old.customer_id, new.customer_balance::text::numeric - old.customer_balance::text::numeric, 'old application');
  end if;
  perform sales_old.write_carried(tg_relid, 'sales.customers', 'customers', old.customer_id, old::text, new::text)
  where exists (select from sales_old.carried);
  return new;
end
$$;

create or replace function sales_old.write_order() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set sales.correcting = 'on'
as $$
declare
  is_now public.orders;
  was public.orders;
  wanted public.orders;
  current_args text;
  the_schedule bigint;
  the_delivery bigint;
  other_delivery boolean := tg_op = 'INSERT' or new.customer_id <> old.customer_id
    or (new.delivery_script_name, new.delivery_script_args::text) is distinct from
      (old.delivery_script_name, old.delivery_script_args::text);
begin
  if tg_op <> 'INSERT' then
    perform from sales.orders as o where o.order_id = old.order_id for no key update;
    select v.* into is_now from public.orders as v where v.order_id = old.order_id;
    if not found then
      return null;
    end if;
    if tg_op = 'DELETE' then
      perform sales_private.erase_orders(array[old.order_id::bigint]);
      return old;
    end if;
    if new.order_id <> old.order_id then
      raise feature_not_supported using message = 'the number of an order cannot change';
    end if;
    -- most rows are unchanged, which is cheap to test
    if old::text <> is_now::text then
      -- without the arguments, which jsonb may reject
      was := old;
      was.delivery_script_args := null;
      wanted := new;
      wanted.delivery_script_args := null;
      current_args := is_now.delivery_script_args::text;
      is_now.delivery_script_args := null;
      if sales_old.overtaken(
        to_jsonb(was) || jsonb_build_object('args', old.delivery_script_args::text),
        to_jsonb(wanted) || jsonb_build_object('args', new.delivery_script_args::text),
        to_jsonb(is_now) || jsonb_build_object('args', current_args)
      ) then
        raise serialization_failure using message = 'could not serialize access due to concurrent update';
      end if;
    end if;
  end if;

  if new.order_schedule is null then
    raise not_null_violation using message = 'an order needs a schedule';
  elsif new.order_schedule <> repeat('0', 336)::bit(336) then
    select b.schedule_id into the_schedule from sales_old.schedule_bits as b where b.bits = new.order_schedule::text;
    if not found then
      insert into sales.schedules (half_hours) values (sales.half_hours(new.order_schedule)) on conflict do nothing;
      select b.schedule_id into the_schedule from sales_old.schedule_bits as b where b.bits = new.order_schedule::text;
    end if;
  end if;

  if other_delivery and new.delivery_script_name is not null then
    the_delivery := sales_old.delivery(new.customer_id, new.delivery_script_name, new.delivery_script_args, true);
  elsif other_delivery and json_typeof(new.delivery_script_args) <> 'null' then
    raise check_violation using message = 'arguments of a delivery need its script';
  end if;

  if tg_op = 'INSERT' then
    -- an order before its first ancestor has no predecessor to record
    insert into sales.orders (
      order_id, customer_id, first_ancestor_id, schedule_id, delivery_id, amount, order_status, origin, created_at
    )
    values (
      new.order_id, new.customer_id, new.order_ref, the_schedule, the_delivery, coalesce(new.order_amount, 0),
      coalesce(new.order_status, 'pending'), case when new.order_ref <= new.order_id then 'application' else 'migrated' end,
      case when new.order_ref <= new.order_id then now() end
    );
    if new.order_ref < new.order_id then
      insert into sales.recreations (
        order_id, first_ancestor_id, predecessor_id, customer_id, entry_number, balance, amount
      )
      select new.order_id, new.order_ref, (
          select max(p.order_id) from sales.orders as p where p.first_ancestor_id = new.order_ref and p.order_id < new.order_id
        ), c.customer_id, c.entry_number, c.balance, coalesce(new.order_amount, 0)
      from sales.customers as c where c.customer_id = new.customer_id
      -- waits for a debit, as sales.recreate does
      for no key update;
    end if;
  else
    perform sales_private.erase_recreations(array[old.order_id::bigint]) where new.order_ref <> old.order_ref;
    update sales.orders as o
    set customer_id = case when new.customer_id <> old.customer_id then new.customer_id else o.customer_id end,
      first_ancestor_id = case when new.order_ref <> old.order_ref then new.order_ref else o.first_ancestor_id end,
      -- an order with a changed first ancestor was not recreated at its creation
      origin = case when new.order_ref = old.order_ref then o.origin else 'migrated' end,
      created_at = case when new.order_ref = old.order_ref then o.created_at end,
      schedule_id = case when new.order_schedule <> old.order_schedule then the_schedule else o.schedule_id end,
      delivery_id = case when other_delivery then the_delivery else o.delivery_id end,
      amount = case when new.order_amount <> old.order_amount then new.order_amount else o.amount end,
      order_status = case when new.order_status <> old.order_status then new.order_status else o.order_status end
    where o.order_id = old.order_id;
  end if;

  if other_delivery then
    delete from sales_old.null_args as n where n.order_id = new.order_id and tg_op = 'UPDATE';
    if new.delivery_script_name is null and new.delivery_script_args is not null then
      insert into sales_old.null_args (order_id) values (new.order_id);
    end if;
  end if;
  perform sales_old.write_carried(
    tg_relid, 'sales.orders', 'orders', new.order_id, case when tg_op = 'UPDATE' then old::text end, new::text
  )
  where exists (select from sales_old.carried);
  return new;
end
$$;

-- With the carried columns, if any.
do $do$
begin
  execute format($view$
create or replace view public.customers as
  select r.customer_id::integer as customer_id, r.name as customer_name,
    coalesce((select k.email from sales.contacts as k where k.customer_id = r.customer_id and k.is_main), '') as customer_email,
    coalesce((select k.name from sales.contacts as k where k.customer_id = r.customer_id and k.is_main), '')::varchar(100)
      as customer_contact_name,
    (select k.phone from sales.contacts as k where k.customer_id = r.customer_id and k.is_main)::varchar(20) as customer_phone,
    coalesce((select a.street from sales.addresses as a where a.customer_id = r.customer_id and a.is_main), '') as address,
    coalesce((select a.state_code from sales.addresses as a where a.customer_id = r.customer_id and a.is_main), '')
      as address_state,
    r.balance::text::float8 as customer_balance%s
  from sales.customers as r
  $view$, (select string_agg(format(', r.%I', c.name), '' order by c.place) from sales_old.carried as c where c.tab = 'customers'));
  execute format($view$
create or replace view public.orders as
  select r.order_id::integer as order_id, r.first_ancestor_id::integer as order_ref, r.customer_id::integer as customer_id,
    coalesce(
      (select b.bits from sales_old.schedule_bits as b where b.schedule_id = r.schedule_id)::bit(336),
      repeat('0', 336)::bit(336)
    )::bit(336) as order_schedule,
    (select d.script_name from sales.deliveries as d where d.delivery_id = r.delivery_id) as delivery_script_name,
    case
      when r.delivery_id is null then (select 'null'::json from sales_old.null_args as n where n.order_id = r.order_id)
      else (select t.args_text from sales_old.delivery_texts as t where t.delivery_id = r.delivery_id)::json
    end as delivery_script_args,
    r.amount::integer as order_amount, r.order_status as order_status%s
  from sales.orders as r
  $view$, (select string_agg(format(', r.%I', c.name), '' order by c.place) from sales_old.carried as c where c.tab = 'orders'));
end
$do$;

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

drop view migration.side, migration.differing_recreations, migration.differing_schedules, migration.new_columns;
drop function migration.customer_faults, migration.order_faults;
drop view migration.old_orders, migration.old_customers;
alter table migration.customers alter column customer_id drop default;
alter table migration.orders alter column order_id drop default;
drop table migration.orders, migration.customers;
set local client_min_messages = warning;
drop schema migration cascade;

commit;
