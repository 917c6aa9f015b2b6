-- A part of prepare.sql, which runs it once.
-- Valid orders of the old table, with schedule, delivery and recreation.

-- Copy valid orders: all are first ancestors (`roots`), or none is. Those that are `here` are changed.
create function migration.copy_valid_orders(good bigint[], here bigint[], roots boolean, made_now boolean) returns void
language plpgsql
as $$
declare
  any_kept boolean;
  any_carried boolean;
begin
  select exists (select from migration.quarantined_fact), exists (select from sales_old.carried) into any_kept, any_carried;
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
    perform migration.copy_carried_values('orders', good);
  end if;
  if any_kept then
    perform migration.restore_facts_of_orders(good);
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

  -- a new row is not there
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
end
$$;
