-- A part of prepare.sql, which runs it once.
-- The fast path of a new order, and its predecessor.

-- Fast path for one new order without a fault, which saves a fifth of the time. Returns false without a change if it
-- does not apply; then use copy_or_quarantine_orders.
create function migration.try_copy_new_order(the_id bigint) returns boolean
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
    and not exists (select from migration.quarantined_fact)
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
