-- A part of contract.sql, which runs it once.
-- Writes of old applications through the views, without the old tables: rows that the new tables reject are now errors.
-- These functions replace those of ../../../deploy/prepare/writes.sql, which write to the old tables. Both compare for
-- concurrent changes by sales_old.refuse_overtaken; the rest differs, because the tables do.

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
  if old::text <> is_now::text then
    perform sales_old.refuse_overtaken(to_jsonb(old), to_jsonb(new), to_jsonb(is_now));
  end if;
  if new.customer_name is distinct from old.customer_name then
    update sales.customers as c set name = new.customer_name where c.customer_id = old.customer_id;
  end if;
  if (new.customer_contact_name, new.customer_email, new.customer_phone) is distinct from
    (old.customer_contact_name, old.customer_email, old.customer_phone) then
    insert into sales.contacts as k (customer_id, name, email, phone)
    values (old.customer_id, new.customer_contact_name, new.customer_email, new.customer_phone)
    on conflict (customer_id) where is_main do update
    set name = case
        when new.customer_contact_name is distinct from old.customer_contact_name then excluded.name else k.name
      end,
      email = case when new.customer_email is distinct from old.customer_email then excluded.email else k.email end,
      phone = case when new.customer_phone is distinct from old.customer_phone then excluded.phone else k.phone end;
  end if;
  if (new.address, new.address_state) is distinct from (old.address, old.address_state) then
    insert into sales.addresses as a (customer_id, street, state_code)
    values (old.customer_id, new.address, new.address_state)
    on conflict (customer_id) where is_main do update
    set street = case when new.address is distinct from old.address then excluded.street else a.street end,
      state_code = case
        when new.address_state is distinct from old.address_state then excluded.state_code else a.state_code
      end;
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
      perform sales_old.refuse_overtaken(
        sales_old.comparable_order(old), sales_old.comparable_order(new), sales_old.comparable_order(is_now)
      );
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
