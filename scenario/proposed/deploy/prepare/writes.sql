-- A part of prepare.sql, which runs it once.
-- Writes of old applications through the views.

-- After a lock wait, the server does not check the condition of a statement on a view again. So the triggers of the views
-- compare: a value that another session has changed since is not overwritten. Balances are compared by these triggers.
create function sales_old.refuse_overtaken(was jsonb, wanted jsonb, is_now jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select from jsonb_each(wanted - 'customer_balance') as w (name, value)
    where w.value <> was -> w.name and is_now -> w.name not in (was -> w.name, w.value)
  ) then
    raise serialization_failure using message = 'could not serialize access due to concurrent update';
  end if;
end
$$;
comment on function sales_old.refuse_overtaken(jsonb, jsonb, jsonb) is
  'Fails if another session has changed a value to be changed.';
create function sales_old.comparable_order(line record) returns jsonb
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  args constant text := line.delivery_script_args::text;
begin
  line.delivery_script_args := null;
  return to_jsonb(line) || jsonb_build_object('delivery_script_args', args);
end
$$;
comment on function sales_old.comparable_order(record) is
  'An order with its arguments as text, because jsonb may reject them.';

-- Writes through the views go to the old tables as long as these exist, with their checks and defaults, and from there
-- to the new ones. The row of the new table is locked first, as by FOR UPDATE. For a balance, the difference is added,
-- unless the balance would become negative while the statement set a positive one. `contract` replaces both functions:
-- ../../contract/deploy/parts/writes.sql.
create function sales_old.write_customer() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
-- no setting of the caller counts as the owner's
set migration.direction = ''
as $$
declare
  now_there migration.old_customers;
  -- before the difference is added: the sum may be the old value
  is_paid boolean := tg_op = 'UPDATE' and new.customer_balance is distinct from old.customer_balance;
begin
  if tg_op = 'INSERT' then
    insert into migration.old_customers values (new.*) returning * into new;
    return new;
  end if;
  perform from migration.customer_row as r where r.customer_id = old.customer_id for no key update;
  select o.* into now_there from migration.old_customers as o where o.customer_id = old.customer_id for no key update;
  if not found then
    return null;
  end if;
  if tg_op = 'DELETE' then
    delete from migration.old_customers as o where o.customer_id = old.customer_id;
    return old;
  end if;
  if is_paid and now_there.customer_balance is distinct from old.customer_balance then
    if 'NaN' in (old.customer_balance, new.customer_balance, now_there.customer_balance)
      or 'Infinity' in (abs(old.customer_balance), abs(new.customer_balance), abs(now_there.customer_balance)) then
      raise serialization_failure using message = 'could not serialize access due to concurrent update';
    end if;
    new.customer_balance := (
      now_there.customer_balance::text::numeric + new.customer_balance::text::numeric - old.customer_balance::text::numeric
    )::text::float8;
    if new.customer_balance < 0 and now_there.customer_balance >= 0 then
      raise serialization_failure using message = 'could not serialize access due to concurrent update';
    end if;
  end if;
  -- most rows are unchanged, which is cheap to test
  if old::text <> now_there::text then
    perform sales_old.refuse_overtaken(to_jsonb(old), to_jsonb(new), to_jsonb(now_there));
  end if;
  -- The number separately: on a table with a trigger, an UPDATE that sets the key column takes the lock of a key change
  -- and waits for sessions that reference the row. These may wait for the new row, which is locked here.
  if new.customer_id <> old.customer_id then
    update migration.old_customers as o set customer_id = new.customer_id where o.customer_id = old.customer_id;
  end if;
  update migration.old_customers as o
  set customer_name = case
      when new.customer_name is distinct from old.customer_name then new.customer_name else o.customer_name
    end,
    customer_email = case
      when new.customer_email is distinct from old.customer_email then new.customer_email else o.customer_email
    end,
    customer_contact_name = case
      when new.customer_contact_name is distinct from old.customer_contact_name then new.customer_contact_name
      else o.customer_contact_name
    end,
    customer_phone = case
      when new.customer_phone is distinct from old.customer_phone then new.customer_phone else o.customer_phone
    end,
    address = case when new.address is distinct from old.address then new.address else o.address end,
    address_state = case
      when new.address_state is distinct from old.address_state then new.address_state else o.address_state
    end,
    customer_balance = case when is_paid then new.customer_balance else o.customer_balance end
  where o.customer_id = new.customer_id
  returning * into now_there;
  if exists (select from sales_old.carried) then
    perform sales_old.write_carried(tg_relid, 'migration.old_customers', 'customers', new.customer_id, old::text, new::text);
    select o.* into now_there from migration.old_customers as o where o.customer_id = new.customer_id;
  end if;
  new := now_there;
  return new;
end
$$;
create function sales_old.write_order() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
-- as above
set migration.direction = ''
as $$
declare
  now_there migration.old_orders;
begin
  if tg_op = 'INSERT' then
    insert into migration.old_orders values (new.*) returning * into new;
    return new;
  end if;
  perform from migration.order_row as r where r.order_id = old.order_id for no key update;
  select o.* into now_there from migration.old_orders as o where o.order_id = old.order_id for no key update;
  if not found then
    return null;
  end if;
  if tg_op = 'DELETE' then
    delete from migration.old_orders as o where o.order_id = old.order_id;
    return old;
  end if;
  -- most rows are unchanged, which is cheap to test
  if old::text <> now_there::text then
    perform sales_old.refuse_overtaken(
      sales_old.comparable_order(old), sales_old.comparable_order(new), sales_old.comparable_order(now_there)
    );
  end if;
  update migration.old_orders as o
  set order_id = new.order_id,
    order_ref = case when new.order_ref is distinct from old.order_ref then new.order_ref else o.order_ref end,
    customer_id = case
      when new.customer_id is distinct from old.customer_id then new.customer_id else o.customer_id
    end,
    order_schedule = case
      when new.order_schedule is distinct from old.order_schedule then new.order_schedule else o.order_schedule
    end,
    delivery_script_name = case
      when new.delivery_script_name is distinct from old.delivery_script_name then new.delivery_script_name
      else o.delivery_script_name
    end,
    delivery_script_args = case
      when new.delivery_script_args::text is distinct from old.delivery_script_args::text then new.delivery_script_args
      else o.delivery_script_args
    end,
    order_amount = case
      when new.order_amount is distinct from old.order_amount then new.order_amount else o.order_amount
    end,
    order_status = case
      when new.order_status is distinct from old.order_status then new.order_status else o.order_status
    end
  where o.order_id = old.order_id
  returning * into now_there;
  if exists (select from sales_old.carried) then
    perform sales_old.write_carried(tg_relid, 'migration.old_orders', 'orders', new.order_id, old::text, new::text);
    select o.* into now_there from migration.old_orders as o where o.order_id = new.order_id;
  end if;
  new := now_there;
  return new;
end
$$;
create trigger write instead of insert or update or delete on sales_old.customers
  for each row execute function sales_old.write_customer();
create trigger write instead of insert or update or delete on sales_old.orders
  for each row execute function sales_old.write_order();
