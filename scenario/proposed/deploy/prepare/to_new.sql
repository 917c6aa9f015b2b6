-- A part of prepare.sql, which runs it once.
-- Triggers on the old tables: copy writes to the new tables.

-- Old applications read the balance that the new tables store: a written balance loses its drift. Minus zero stays.
-- With the owner's privileges, because their roles may not use the schema.
create function migration.round_drift() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
begin
  if migration.without_drift(new.customer_balance) <> new.customer_balance then
    new.customer_balance := migration.without_drift(new.customer_balance);
  end if;
  return new;
end
$$;

-- Frequent, harmless changes have a fast path: only a balance or a telephone number, only a status or an amount, of an
-- unlocked row that the new tables have.
create function migration.customers_written() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set jit = off
-- as in copy_to_new.sql
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_new'
as $$
declare
  quick bigint[];
  called bigint[];
  reached bigint[];
begin
  if tg_op = 'INSERT' then
    perform migration.copy_to_new('customers', array(select n.customer_id::bigint from new_rows as n order by 1), true);
  elsif tg_op = 'UPDATE' then
    quick := array(
      select c.customer_id
      from new_rows as n
      join old_rows as o on o.customer_id = n.customer_id
      join sales.customers as c on c.customer_id = n.customer_id
      where (n.customer_name, n.customer_email, n.customer_contact_name, n.address, n.address_state)
          = (o.customer_name, o.customer_email, o.customer_contact_name, o.address, o.address_state)
        and (n.customer_phone is not distinct from o.customer_phone or coalesce(char_length(n.customer_phone), 0) <= 20)
        and migration.balance_fault(n.customer_balance) is null
        and not exists (select from migration.pending as p where p.tab = 'customers' and p.id = n.customer_id)
        and not exists (select from sales_old.carried)
        -- rows are compared with each other: of many, that takes longer than to copy them
        and (select count(*) from new_rows) <= 500
      order by c.customer_id
      for no key update of c skip locked
    );
    called := array(
      select n.customer_id
      from new_rows as n
      join old_rows as o on o.customer_id = n.customer_id
      where n.customer_id = any(quick) and n.customer_phone is distinct from o.customer_phone
    );
    if called <> '{}' then
      reached := array(
        select k.customer_id from sales.contacts as k
        where k.customer_id = any(called) and k.is_main
        for no key update skip locked
      );
      update sales.contacts as k
      set phone = n.customer_phone
      from new_rows as n
      where k.customer_id = any(reached) and k.is_main and n.customer_id = k.customer_id
        and k.phone is distinct from n.customer_phone;
      if cardinality(reached) < cardinality(called) then
        quick := array(select q.id from unnest(quick) as q (id) where q.id <> all(called) or q.id = any(reached));
      end if;
    end if;
    if quick <> '{}' then
      insert into sales.ledger_entries (customer_id, amount, reason)
      select c.customer_id, n.customer_balance::text::numeric - c.balance, 'old application'
      from sales.customers as c
      join new_rows as n on n.customer_id = c.customer_id
      where c.customer_id = any(quick) and n.customer_balance::text::numeric <> c.balance
      order by c.customer_id;
    end if;
    -- if none is left, no key was changed
    if exists (select from new_rows as n where n.customer_id <> all(quick)) then
      perform migration.copy_changed('customers', array(
        select i.customer_id::bigint
        from (select n.customer_id from new_rows as n union select o.customer_id from old_rows as o) as i
        where i.customer_id <> all(quick) order by 1
      ));
    end if;
  elsif tg_op = 'DELETE' then
    perform migration.copy_changed('customers', array(select o.customer_id::bigint from old_rows as o order by 1));
  else
    perform migration.copy_to_new('customers', array(
      select c.customer_id from sales.customers as c union select q.customer_id from migration.quarantined_customer as q
    ));
  end if;
  return null;
end
$$;
create function migration.orders_written() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
-- as in copy_to_new.sql
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_new'
as $$
declare
  quick bigint[];
begin
  if tg_op = 'INSERT' then
    perform migration.copy_to_new('orders', array(select n.order_id::bigint from new_rows as n order by 1), true);
  elsif tg_op = 'UPDATE' then
    quick := array(
      select s.order_id
      from new_rows as n
      join old_rows as o on o.order_id = n.order_id
      join sales.orders as s on s.order_id = n.order_id
      where (n.order_ref, n.customer_id, n.order_schedule) = (o.order_ref, o.customer_id, o.order_schedule)
        and n.delivery_script_name is not distinct from o.delivery_script_name
        and n.delivery_script_args::text is not distinct from o.delivery_script_args::text
        and migration.amount_fault(n.order_amount) is null and migration.status_fault(n.order_status) is null
        and migration.schedule_fault(n.order_schedule, n.order_status) is null
        and not exists (select from migration.pending as p where p.tab = 'orders' and p.id = n.order_id)
        and not exists (select from sales_old.carried)
        -- as above
        and (select count(*) from new_rows) <= 500
      order by s.order_id
      for no key update of s skip locked
    );
    if cardinality(quick) > 0 then
      update sales.orders as s
      set amount = n.order_amount, order_status = n.order_status
      from new_rows as n
      where s.order_id = any(quick) and n.order_id = s.order_id
        and (s.amount, s.order_status) is distinct from (n.order_amount, n.order_status);
    end if;
    -- as above
    if exists (select from new_rows as n where n.order_id <> all(quick)) then
      perform migration.copy_changed('orders', array(
        select i.order_id::bigint
        from (select n.order_id from new_rows as n union select o.order_id from old_rows as o) as i
        where i.order_id <> all(quick) order by 1
      ));
    end if;
  elsif tg_op = 'DELETE' then
    perform migration.copy_changed('orders', array(select o.order_id::bigint from old_rows as o order by 1));
  else
    perform migration.copy_to_new('orders', array(
      select o.order_id from sales.orders as o union select q.order_id from migration.quarantined_order as q
    ));
  end if;
  return null;
end
$$;
