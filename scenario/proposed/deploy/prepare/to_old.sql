-- A part of prepare.sql, which runs it once.
-- Triggers on the new tables: copy writes to the old tables. They write only changed columns, because an old
-- application may have changed others of the same row concurrently. For the same reason, they add the difference of a
-- balance.

create function migration.customer_to_old() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set extra_float_digits = 1
set migration.direction = 'to_old'
as $$
declare
  left_over float8;
begin
  if tg_op = 'INSERT' then
    -- The balance is read: the same statement may have added a ledger entry. Contact and address follow; if a constraint
    -- of the old table requires them, the row is written with them.
    begin
      insert into migration.old_customers (
        customer_id, customer_name, customer_email, customer_contact_name, customer_phone, address, address_state,
        customer_balance
      )
      select c.customer_id, new.name, '', '', null, '', '', c.balance::text::float8
      from sales.customers as c where c.customer_id = new.customer_id;
    exception
      when check_violation then
        insert into migration.incomplete_customer (customer_id) values (new.customer_id);
    end;
    perform sales_old.write_carried(tg_relid, 'migration.old_customers', 'customers', new.customer_id, null, new::text)
    where exists (select from sales_old.carried);
  elsif tg_op = 'DELETE' then
    delete from migration.old_customers as o where o.customer_id = old.customer_id;
  elsif new.customer_id <> old.customer_id then
    raise feature_not_supported using message = 'the number of a customer cannot change while both schemas are in use';
  else
    update migration.old_customers as o
    set customer_name = case when new.name <> old.name then new.name else o.customer_name end,
      customer_balance = case
        when new.balance = old.balance then o.customer_balance
        else (o.customer_balance::text::numeric + (new.balance - old.balance))::text::float8
      end
    where o.customer_id = new.customer_id
    returning o.customer_balance into left_over;
    -- an old application spent it concurrently
    if left_over < 0 and new.balance < old.balance then
      raise serialization_failure using message = 'could not serialize access due to concurrent update';
    end if;
    perform sales_old.write_carried(tg_relid, 'migration.old_customers', 'customers', new.customer_id, old::text, new::text)
    where exists (select from sales_old.carried);
    -- a new balance precedes its ledger entry, whose trigger writes it
    if new.entry_number = old.entry_number then
      perform migration.copy_if_pending('customers', new.customer_id);
    end if;
  end if;
  return null;
end
$$;
-- Constraints of fixes may make the old table reject customers without contact and address. Such rows are written once
-- they have them; else at the end of the transaction, which then fails with the old table's error.
create function migration.write_incomplete_customer(whose bigint, at_last boolean default false) returns void
language plpgsql
as $$
begin
  if not exists (select from migration.incomplete_customer as i where i.customer_id = whose) then
    return;
  end if;
  insert into migration.old_customers (
    customer_id, customer_name, customer_email, customer_contact_name, customer_phone, address, address_state,
    customer_balance
  )
  select c.customer_id, c.name, coalesce(k.email, ''), coalesce(k.name, ''), k.phone, coalesce(a.street, ''),
    coalesce(a.state_code, ''), c.balance::text::float8
  from sales.customers as c
  left join sales.contacts as k on k.customer_id = c.customer_id and k.is_main
  left join sales.addresses as a on a.customer_id = c.customer_id and a.is_main
  where c.customer_id = whose and (at_last or (k.customer_id is not null and a.customer_id is not null));
  if found or at_last then
    delete from migration.incomplete_customer as i where i.customer_id = whose;
    perform sales_old.write_carried('sales.customers', 'migration.old_customers', 'customers', whose, null, c::text)
    from sales.customers as c
    where c.customer_id = whose and exists (select from sales_old.carried);
  end if;
end
$$;
create function migration.write_incomplete_at_commit() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set migration.direction = 'to_old'
as $$
begin
  perform migration.write_incomplete_customer(new.customer_id, true);
  return null;
end
$$;
create function migration.copy_pending_customer() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
begin
  perform migration.copy_if_pending('customers', new.customer_id);
  return null;
end
$$;
create function migration.contact_to_old() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_old'
as $$
declare
  whose bigint := case when tg_op = 'DELETE' then old.customer_id else new.customer_id end;
begin
  update migration.old_customers as o
  set customer_contact_name = coalesce(k.name, ''), customer_email = coalesce(k.email, ''), customer_phone = k.phone
  from (select whose as id) as w
  left join sales.contacts as k on k.customer_id = w.id and k.is_main
  where o.customer_id = w.id
    and (o.customer_contact_name, o.customer_email, o.customer_phone) is distinct from
      (coalesce(k.name, ''), coalesce(k.email, ''), k.phone);
  perform migration.write_incomplete_customer(whose);
  perform migration.copy_if_pending('customers', whose);
  return null;
end
$$;
create function migration.address_to_old() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_old'
as $$
declare
  whose bigint := case when tg_op = 'DELETE' then old.customer_id else new.customer_id end;
begin
  update migration.old_customers as o
  set address = coalesce(a.street, ''), address_state = coalesce(a.state_code, '')
  from (select whose as id) as w
  left join sales.addresses as a on a.customer_id = w.id and a.is_main
  where o.customer_id = w.id
    and (o.address, o.address_state) is distinct from (coalesce(a.street, ''), coalesce(a.state_code, ''));
  perform migration.write_incomplete_customer(whose);
  perform migration.copy_if_pending('customers', whose);
  return null;
end
$$;
create function migration.order_to_old() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_old'
as $$
begin
  if tg_op = 'INSERT' then
    insert into migration.old_orders (
      order_id, order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args, order_amount,
      order_status
    )
    values (
      new.order_id, new.first_ancestor_id, new.customer_id,
      coalesce(
        (select b.bits::bit(336) from sales_old.schedule_bits as b where b.schedule_id = new.schedule_id),
        repeat('0', 336)::bit(336)
      ),
      (select d.script_name from sales.deliveries as d where d.delivery_id = new.delivery_id),
      (select t.args_text::json from sales_old.delivery_texts as t where t.delivery_id = new.delivery_id),
      new.amount, new.order_status
    );
    perform sales_old.write_carried(tg_relid, 'migration.old_orders', 'orders', new.order_id, null, new::text)
    where exists (select from sales_old.carried);
  elsif tg_op = 'DELETE' then
    delete from migration.old_orders as o where o.order_id = old.order_id;
  elsif new.order_id <> old.order_id then
    raise feature_not_supported using message = 'the number of an order cannot change while both schemas are in use';
  else
    update migration.old_orders as o
    set order_ref = case when new.first_ancestor_id <> old.first_ancestor_id then new.first_ancestor_id else o.order_ref end,
      customer_id = case when new.customer_id <> old.customer_id then new.customer_id else o.customer_id end,
      order_schedule = case
        when new.schedule_id is not distinct from old.schedule_id then o.order_schedule
        else coalesce(
          (select b.bits::bit(336) from sales_old.schedule_bits as b where b.schedule_id = new.schedule_id),
          repeat('0', 336)::bit(336)
        )
      end,
      delivery_script_name = case
        when new.delivery_id is not distinct from old.delivery_id then o.delivery_script_name
        else (select d.script_name from sales.deliveries as d where d.delivery_id = new.delivery_id)
      end,
      delivery_script_args = case
        when new.delivery_id is not distinct from old.delivery_id then o.delivery_script_args
        else (select t.args_text::json from sales_old.delivery_texts as t where t.delivery_id = new.delivery_id)
      end,
      order_amount = case when new.amount <> old.amount then new.amount else o.order_amount end,
      order_status = case when new.order_status <> old.order_status then new.order_status else o.order_status end
    where o.order_id = new.order_id;
    delete from sales_old.null_args as n where n.order_id = new.order_id and new.delivery_id is not null;
    perform sales_old.write_carried(tg_relid, 'migration.old_orders', 'orders', new.order_id, old::text, new::text)
    where exists (select from sales_old.carried);
    perform migration.copy_if_pending('orders', new.order_id);
  end if;
  return null;
end
$$;
-- Schedules are shared: a change affects all orders with the schedule.
create function migration.schedule_to_old() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set migration.direction = 'to_old'
as $$
begin
  update migration.old_orders as o
  set order_schedule = sales.bits(new.half_hours)
  where o.order_id in (select n.order_id from sales.orders as n where n.schedule_id = new.schedule_id);
  return null;
end
$$;

-- A new secret changes the arguments of all orders that use it, but for those that an old application changes now.
create function migration.text_to_old() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set migration.direction = 'to_old'
as $$
begin
  update migration.old_orders as o
  set delivery_script_args = new.args_text::json
  where o.order_id in (
      select n.order_id from sales.orders as n where n.customer_id = new.customer_id and n.delivery_id = new.delivery_id
    )
    and o.delivery_script_args::text = old.args_text;
  return null;
end
$$;

-- The nightly jobs of both sides lock the old row, since the old job locks only that. It is called first, by functions
-- with the owner's privileges: a setting of their caller must not count as the owner's.
create or replace function sales.lock_customer(the_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('migration.direction', '', true);
  perform from sales.customers as c where c.customer_id = the_id for no key update;
  perform from migration.old_customers as o where o.customer_id = the_id for no key update;
  perform migration.copy_if_pending('customers', the_id);
end
$$;

do $$
declare
  part record;
begin
  for part in
    select t.*, migration.unless_copying('to_new', 'opening_balances') as condition
    from (values
      ('trigger', 'to_old', 'insert or update or delete', 'customers', '', 'customer_to_old'),
      ('trigger', 'to_old', 'insert or update or delete', 'contacts', '', 'contact_to_old'),
      ('trigger', 'to_old', 'insert or update or delete', 'addresses', '', 'address_to_old'),
      ('trigger', 'to_old', 'insert or update or delete', 'orders', '', 'order_to_old'),
      ('trigger', 'to_old', 'insert', 'ledger_entries', '', 'copy_pending_customer'),
      (
        'constraint trigger', 'to_old_complete', 'insert', 'customers', 'deferrable initially deferred',
        'write_incomplete_at_commit'
      )
    ) as t (kind, name, events, tab, timing, calls)
  loop
    execute format(
      'create %s %I after %s on sales.%I %s for each row when (%s) execute function migration.%I()',
      part.kind, part.name, part.events, part.tab, part.timing, part.condition, part.calls
    );
    execute format('alter table sales.%I enable always trigger %I', part.tab, part.name);
  end loop;
end
$$;
create trigger z_to_old after update of args_text on sales_old.delivery_texts
  for each row when (old.args_text <> new.args_text) execute function migration.text_to_old();
alter table sales_old.delivery_texts enable always trigger z_to_old;
create trigger z_to_old after update of half_hours on sales.schedules
  for each row when (old.half_hours <> new.half_hours) execute function migration.schedule_to_old();
alter table sales.schedules enable always trigger z_to_old;
