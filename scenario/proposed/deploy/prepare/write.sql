-- A part of prepare.sql, which runs it once.
-- Functions that copy rows of the old tables to the new ones.

-- Copy customers of the old table to the new tables: write, quarantine or delete them. `made_now`: an application
-- creates them in this transaction, so their time is known.
create function migration.write_customers(ids bigint[], made_now boolean) returns void
language plpgsql
as $$
declare
  here bigint[] := '{}';
  held bigint[];
  gone bigint[];
  good bigint[];
  bad bigint[];
  fresh bigint[];
  waiting bigint[];
  by_set text; -- not read: an assignment is cheaper than a query
begin
  -- A new application that has locked a row will merge it: it requests the old row next, and waiting for it here would
  -- deadlock.
  held := array(select c.customer_id from sales.customers as c where c.customer_id = any(ids));
  if held <> '{}' then
    here := array(
      select c.customer_id from sales.customers as c where c.customer_id = any(held) order by c.customer_id
      for no key update skip locked
    );
    here := array(
      select h.id from unnest(here) as h (id)
      where h.id not in (
        select k.customer_id from sales.contacts as k where k.customer_id = any(here) and k.is_main
        except all
        select l.customer_id from (
          select k.customer_id from sales.contacts as k where k.customer_id = any(here) and k.is_main
          for no key update skip locked
        ) as l
      ) and h.id not in (
        select a.customer_id from sales.addresses as a where a.customer_id = any(here) and a.is_main
        except all
        select l.customer_id from (
          select a.customer_id from sales.addresses as a where a.customer_id = any(here) and a.is_main
          for no key update skip locked
        ) as l
      )
    );
    held := array(select h.id from unnest(held) as h (id) where h.id <> all(here));
    if held <> '{}' then
      insert into migration.pending (kind, id) select 'customer', h.id from unnest(held) as h (id) on conflict do nothing;
      ids := array(select i.id from unnest(ids) as i (id) where i.id <> all(held));
    end if;
  end if;
  -- before the rows are read: a note that comes later stays
  delete from migration.pending as p where p.kind = 'customer' and p.id = any(ids);

  gone := array(
    select i.id from unnest(ids) as i (id)
    where (select c.customer_id from migration.old_customers as c where c.customer_id = i.id) is null
  );
  if cardinality(gone) > 0 then
    perform migration.set_orders_aside(
      array(select o.order_id from sales.orders as o where o.customer_id = any(gone) order by o.order_id)
    );
    perform migration.remove_customers(gone);
    delete from migration.quarantined_customer as q where q.customer_id = any(gone);
    delete from migration.kept as k where k.kind = 'customer' and k.id = any(gone);
  end if;

  -- of two customers with one address, the smaller number gets it
  select coalesce(array_agg(j.customer_id) filter (where j.good and j.turn = 1), '{}'),
    coalesce(array_agg(j.customer_id) filter (where not j.good), '{}')
  into good, bad
  from (
    select c.customer_id, f.faults = '{}' as good,
      row_number() over (partition by f.faults = '{}', lower(c.customer_email) order by c.customer_id) as turn
    from migration.customer_faults(ids) as f
    join migration.old_customers as c on c.customer_id = f.customer_id
  ) as j;

  -- new customers, with their opening balance
  fresh := array(
    select g.id from unnest(good) as g (id)
    where g.id <> all(here) and not exists (select from migration.kept as k where k.kind = 'customer' and k.id = g.id)
  );
  insert into sales.customers as c (customer_id, name, balance, entry_number, created_at)
  select o.customer_id, o.customer_name, f.balance, case when f.balance = 0 then 0 else 1 end, case when made_now then now() end
  from migration.old_customers as o
  cross join lateral (
    select case when o.customer_id = any(fresh) then migration.without_drift(o.customer_balance)::text::numeric else 0 end as balance
  ) as f
  where o.customer_id = any(good)
  order by o.customer_id
  on conflict (customer_id) do update set name = excluded.name where c.name <> excluded.name;
  by_set := set_config('migration.by_set', 'on', true);
  insert into sales.ledger_entries (
    customer_id, entry_number, balance_before, amount, balance_after, reason, created_at
  )
  select c.customer_id, 1, 0, c.balance, c.balance, 'opening balance', case when made_now then now() end
  from sales.customers as c
  where c.customer_id = any(fresh) and c.entry_number = 1
  order by c.customer_id;
  by_set := set_config('migration.by_set', '', true);
  perform migration.give_back_customers(good) where exists (select from migration.kept);
  insert into sales.contacts as k (customer_id, name, email, phone, created_at)
  select o.customer_id, o.customer_contact_name, o.customer_email, o.customer_phone, case when made_now then now() end
  from migration.old_customers as o
  where o.customer_id = any(good)
  order by o.customer_id
  on conflict (customer_id) where is_main do update
  set name = excluded.name, email = excluded.email, phone = excluded.phone
  where (k.name, k.email, k.phone) is distinct from (excluded.name, excluded.email, excluded.phone);
  insert into sales.addresses as a (customer_id, street, state_code, created_at)
  select o.customer_id, o.address, o.address_state, case when made_now then now() end
  from migration.old_customers as o
  where o.customer_id = any(good)
  order by o.customer_id
  on conflict (customer_id) where is_main do update
  set street = excluded.street, state_code = excluded.state_code
  where (a.street, a.state_code) is distinct from (excluded.street, excluded.state_code);
  insert into sales.ledger_entries (customer_id, amount, reason, created_at)
  select o.customer_id, migration.without_drift(o.customer_balance)::text::numeric - c.balance,
    case when c.entry_number = 0 then 'opening balance' else 'old application' end,
    case when c.entry_number > 0 or made_now then now() end
  from migration.old_customers as o
  join sales.customers as c on c.customer_id = o.customer_id
  where o.customer_id = any(good) and migration.without_drift(o.customer_balance)::text::numeric <> c.balance
  order by o.customer_id;
  perform migration.carry_over('customers', good) where exists (select from sales_old.carried);

  -- rows that waited for one of them
  delete from migration.quarantined_customer as q where q.customer_id = any(good);
  if bad <> '{}' then
    perform migration.set_customers_aside(bad);
  end if;
  if cardinality(good) + cardinality(bad) + cardinality(gone) < cardinality(ids) then
    perform migration.write_customers(
      array(select i.id from unnest(ids) as i (id) where i.id <> all(good || bad || gone) order by 1), made_now
    );
  end if;
  waiting := array(select q.order_id from migration.quarantined_order as q where q.customer_id = any(good) order by 1);
  if waiting <> '{}' then
    perform migration.put_orders(waiting);
  end if;
  set constraints sales.customers_balance_is_in_ledger immediate;
  set constraints sales.customers_balance_is_in_ledger deferred;
end
$$;

-- Return an order's predecessor in its lineage, locked until the end of the transaction; null if it has none. The
-- condition follows an index: with the lineage alone, the server might scan all earlier orders by number. No number is
-- below the smallest 32-bit integer while the old tables exist.
create function migration.predecessor(the_first bigint, the_id bigint) returns bigint
language plpgsql
as $$
declare
  found_id bigint;
begin
  select o.order_id into found_id
  from sales.orders as o
  where (o.first_ancestor_id, o.order_id) < (the_first, the_id)
    and (o.first_ancestor_id, o.order_id) >= (the_first, -2147483648)
  order by o.first_ancestor_id desc, o.order_id desc
  limit 1
  for key share;
  return found_id;
end
$$;

-- Fast path for one new order without a fault, which saves a fifth of the time. Returns false without a change if it
-- does not apply; then use write_orders.
create function migration.add_order(the_id bigint) returns boolean
language plpgsql
as $$
declare
  made record;
  delivery bigint;
begin
  select o.order_id, o.customer_id, o.order_ref, o.order_amount, o.order_status, o.delivery_script_name, o.delivery_script_args,
    b.schedule_id, c.balance, c.entry_number
  into made
  from migration.order_faults(array[the_id], array[the_id]) as f
  join migration.old_orders as o on o.order_id = f.order_id
  join sales.customers as c on c.customer_id = o.customer_id
  left join sales_old.schedule_bits as b on b.bits = o.order_schedule::text
  where o.order_id = the_id and f.faults = '{}'
    and (b.schedule_id is not null or o.order_schedule = repeat('0', 336)::bit(336))
    and not exists (select from sales.orders as n where n.order_id = the_id)
    and not exists (select from migration.quarantined_order as q where q.first_ancestor_id = the_id)
    and not exists (select from migration.kept)
    and not exists (select from sales_old.carried);
  if not found then
    return false;
  end if;
  if made.order_ref > the_id then
    return false;
  elsif made.order_ref <> the_id then
    -- locks the referenced order until the end of the transaction
    perform from sales.orders as r
    where r.order_id = made.order_ref and r.customer_id = made.customer_id and r.first_ancestor_id = r.order_id
    for key share;
    if not found then
      return false;
    end if;
  end if;

  if made.delivery_script_name is not null then
    delivery := sales_old.delivery(made.customer_id, made.delivery_script_name, made.delivery_script_args, true);
  end if;
  insert into sales.orders (
    order_id, customer_id, first_ancestor_id, schedule_id, delivery_id, amount, order_status, created_at
  )
  values (
    the_id, made.customer_id, made.order_ref, made.schedule_id, delivery, made.order_amount, made.order_status, now()
  );
  if made.order_ref <> the_id then
    insert into sales.recreations (
      order_id, first_ancestor_id, predecessor_id, customer_id, entry_number, balance, amount
    )
    values (
      the_id, made.order_ref, migration.predecessor(made.order_ref, the_id), made.customer_id, made.entry_number,
      made.balance, made.order_amount
    );
  end if;
  if delivery is null and made.delivery_script_args is not null then
    insert into sales_old.null_args (order_id) values (the_id);
  end if;
  return true;
end
$$;

create function migration.write_orders(ids bigint[], made_now boolean) returns void
language plpgsql
as $$
declare
  here bigint[];
  held bigint[];
  gone bigint[];
  good bigint[];
  bad bigint[];
  moved bigint[] := '{}';
  waiting bigint[];
  first_of bigint[]; -- those that name themselves as their first ancestor
  others bigint[];
  part bigint[];
  fresh bigint[] := '{}'; -- made now
  roots boolean;
  unknown_schedule boolean;
  any_kept boolean;
  any_carried boolean;
begin
  if made_now and cardinality(ids) = 1 and migration.add_order(ids[1]) then
    return;
  end if;
  here := array(select o.order_id from sales.orders as o where o.order_id = any(ids));
  if here <> '{}' then
    -- as with customers
    held := here;
    here := array(
      select o.order_id from sales.orders as o where o.order_id = any(held) order by o.order_id
      for no key update skip locked
    );
    held := array(select h.id from unnest(held) as h (id) where h.id <> all(here));
    if held <> '{}' then
      insert into migration.pending (kind, id) select 'order', h.id from unnest(held) as h (id) on conflict do nothing;
      ids := array(select i.id from unnest(ids) as i (id) where i.id <> all(held));
    end if;
  end if;
  -- a new row has no note
  if here <> '{}' or not made_now then
    delete from migration.pending as p where p.kind = 'order' and p.id = any(ids);
  end if;

  select coalesce(array_agg(o.order_id) filter (where o.order_ref = o.order_id), '{}'),
    coalesce(array_agg(o.order_id) filter (where o.order_ref is distinct from o.order_id), '{}')
  into first_of, others
  from migration.old_orders as o where o.order_id = any(ids);
  if cardinality(first_of) + cardinality(others) < cardinality(ids) then
    gone := array(select i.id from unnest(ids) as i (id) except select i.id from unnest(first_of || others) as i (id));
    perform migration.remove_orders(gone);
    delete from migration.quarantined_order as q where q.order_id = any(gone);
    delete from migration.kept as k where k.kind = 'order' and k.id = any(gone);
  end if;

  -- First ancestors of other orders that can no longer be a first ancestor.
  if here <> '{}' then
    moved := array(
      select n.order_id
      from sales.orders as n
      join migration.old_orders as o on o.order_id = n.order_id
      where n.order_id = any(here) and n.first_ancestor_id = n.order_id
        and (o.order_ref is distinct from o.order_id or o.customer_id is distinct from n.customer_id)
    );
  end if;
  if moved <> '{}' then
    waiting := array(
      select n.order_id from sales.orders as n
      where n.first_ancestor_id = any(moved) and n.order_id <> n.first_ancestor_id
      order by n.order_id
    );
    perform migration.set_orders_aside(waiting, 'its first ancestor was changed');
  end if;

  select bool_or(
      o.order_schedule <> repeat('0', 336)::bit(336)
      and not exists (select from sales_old.schedule_bits as b where b.bits = o.order_schedule::text)
    )
  into unknown_schedule
  from migration.old_orders as o
  where o.order_id = any(ids);
  if unknown_schedule then
    insert into sales.schedules (half_hours)
    select sales.half_hours(s.bits)
    from (
      select distinct o.order_schedule as bits from migration.old_orders as o
      where o.order_id = any(ids) and o.order_schedule <> repeat('0', 336)::bit(336)
    ) as s
    where not exists (select from sales_old.schedule_bits as b where b.bits = s.bits::text)
    order by s.bits
    on conflict do nothing;
  end if;
  select exists (select from migration.kept), exists (select from sales_old.carried) into any_kept, any_carried;

  -- first the orders that others of them may reference
  foreach roots in array array[true, false] loop
    part := case when roots then first_of else others end;
    continue when part = '{}';
    if made_now then
      fresh := part;
      if here <> '{}' then
        fresh := array(select i.id from unnest(part) as i (id) where i.id <> all(here));
      end if;
    end if;
    select coalesce(array_agg(f.order_id) filter (where f.faults = '{}'), '{}'),
      coalesce(array_agg(f.order_id) filter (where f.faults <> '{}'), '{}')
    into good, bad
    from migration.order_faults(part, fresh) as f;
    if bad <> '{}' then
      perform migration.set_orders_aside(bad, null, fresh);
    end if;
    continue when good = '{}';

    if here <> '{}' then
      -- orders that an old application moved to another lineage
      perform sales_private.erase_recreations(array(
        select n.order_id from sales.orders as n
        join migration.old_orders as o on o.order_id = n.order_id
        where n.order_id = any(good) and n.order_id = any(here) and n.first_ancestor_id <> o.order_ref
      ));
      update sales.orders as n
      set customer_id = w.customer_id, first_ancestor_id = w.order_ref, schedule_id = w.schedule_id,
        delivery_id = w.delivery_id, amount = w.order_amount, order_status = w.order_status,
        -- an order with a changed first ancestor was not recreated at its creation
        origin = case when n.first_ancestor_id = w.order_ref then n.origin else 'migrated' end,
        created_at = case when n.first_ancestor_id = w.order_ref then n.created_at end
      from (
        select o.order_id, o.customer_id, o.order_ref, b.schedule_id, o.order_amount, o.order_status,
          case
            when o.delivery_script_name is not null
            then sales_old.delivery(o.customer_id, o.delivery_script_name, o.delivery_script_args, made_now)
          end as delivery_id
        from migration.old_orders as o
        left join sales_old.schedule_bits as b on b.bits = o.order_schedule::text
        where o.order_id = any(good) and o.order_id = any(here)
        order by o.order_id
        -- once for each row
        offset 0
      ) as w
      where n.order_id = w.order_id
        and (n.customer_id, n.first_ancestor_id, n.schedule_id, n.delivery_id, n.amount, n.order_status)
          is distinct from (w.customer_id, w.order_ref, w.schedule_id, w.delivery_id, w.order_amount, w.order_status);
    end if;
    insert into sales.orders (
      order_id, customer_id, first_ancestor_id, schedule_id, delivery_id, amount, order_status, origin, created_at
    )
    select o.order_id, o.customer_id, o.order_ref, b.schedule_id,
      case
        when o.delivery_script_name is not null
        then sales_old.delivery(o.customer_id, o.delivery_script_name, o.delivery_script_args, made_now)
      end,
      o.order_amount, o.order_status,
      -- an order before its first ancestor has no predecessor to record
      case when made_now and o.order_ref <= o.order_id then 'application' else 'migrated' end,
      case when made_now and o.order_ref <= o.order_id then now() end
    from migration.old_orders as o
    left join sales_old.schedule_bits as b on b.bits = o.order_schedule::text
    where o.order_id = any(good) and o.order_id <> all(here)
    order by o.order_id;
    if any_carried then
      perform migration.carry_over('orders', good);
    end if;
    if any_kept then
      perform migration.give_back_orders(good);
    end if;
    if made_now and not roots then
      insert into sales.recreations (
        order_id, first_ancestor_id, predecessor_id, customer_id, entry_number, balance, amount
      )
      select n.order_id, n.first_ancestor_id, migration.predecessor(n.first_ancestor_id, n.order_id), c.customer_id,
        c.entry_number, c.balance, n.recreated_amount
      from (
        select o.order_id, o.first_ancestor_id, o.customer_id, o.recreated_amount
        from sales.orders as o where o.order_id = any(good)
        -- prevents a scan of all recreations
        offset 0
      ) as n
      join sales.customers as c on c.customer_id = n.customer_id
      where n.recreated_amount is not null
      on conflict do nothing;
    end if;

    delete from sales_old.null_args as n where n.order_id = any(good) and here <> '{}';
    insert into sales_old.null_args (order_id)
    select o.order_id from migration.old_orders as o
    where o.order_id = any(good) and o.delivery_script_name is null and o.delivery_script_args is not null;

    -- a new row is in neither table
    if here <> '{}' or not made_now then
      delete from migration.quarantined_order as q where q.order_id = any(good);
    end if;
    -- Errors must occur here, and not when the application commits, and the checks use this function's settings. Only
    -- necessary constraints are named, because each costs as much as the row: new orders are their own first ancestors,
    -- or recreations of a locked one.
    if here <> '{}' or any_kept then
      set constraints sales.orders_first_ancestor_is_root, sales.orders_recreation_is_written_down,
        sales.recreations_order, sales.recreations_predecessor immediate;
      set constraints sales.orders_first_ancestor_is_root, sales.orders_recreation_is_written_down,
        sales.recreations_order, sales.recreations_predecessor deferred;
    elsif not roots then
      set constraints sales.orders_first_ancestor_is_root, sales.orders_recreation_is_written_down immediate;
      set constraints sales.orders_first_ancestor_is_root, sales.orders_recreation_is_written_down deferred;
    end if;

    -- rows that waited for one of them
    if roots then
      waiting := waiting || array(
        select q.order_id::bigint from migration.quarantined_order as q
        where q.first_ancestor_id = any(good) and q.order_id <> all(ids)
      );
    end if;
  end loop;
  if cardinality(waiting) > 0 then
    perform migration.put_orders(array(select distinct w.id from unnest(waiting) as w (id) order by w.id));
  end if;
end
$$;

-- The same for any rows: all at once. After an unexpected error, one by one; the failing row goes into quarantine with
-- the server's message. Applications only get errors that ask for a retry.
create function migration.put_customers(ids bigint[], made_now boolean default false) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set jit = off
-- a batch is small and the tables are large, but the planner may have statistics of empty tables
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_new'
set sales.correcting = 'on'
as $$
declare
  one bigint;
begin
  -- no setting of the caller counts as the owner's
  perform set_config('migration.by_set', '', true);
  for again in 1 .. 2 loop
    begin
      perform migration.write_customers(ids, made_now);
      return;
    exception
      when integrity_constraint_violation or data_exception or program_limit_exceeded or raise_exception then
        exit when cardinality(ids) > 1;
        -- another session copied the same row concurrently: try again, now that the row exists
        if again = 2 or sqlstate <> '23505' then
          perform migration.set_customers_aside(ids, sqlerrm);
          return;
        end if;
    end;
  end loop;
  foreach one in array ids loop
    perform migration.put_customers(array[one], made_now);
  end loop;
end
$$;

create function migration.put_orders(ids bigint[], made_now boolean default false) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
-- as above
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_new'
set sales.correcting = 'on'
as $$
declare
  one bigint;
begin
  for again in 1 .. 2 loop
    begin
      perform migration.write_orders(ids, made_now);
      return;
    exception
      when integrity_constraint_violation or data_exception or program_limit_exceeded or raise_exception then
        exit when cardinality(ids) > 1;
        -- another session copied the same row concurrently: try again, now that the row exists
        if again = 2 or sqlstate <> '23505' then
          perform migration.set_orders_aside(ids, sqlerrm);
          return;
        end if;
    end;
  end loop;
  foreach one in array ids loop
    perform migration.put_orders(array[one], made_now);
  end loop;
end
$$;
