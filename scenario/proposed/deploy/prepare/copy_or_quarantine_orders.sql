-- A part of prepare.sql, which runs it once.
-- Orders of the old table to the new tables: which are valid, and in which order.

-- Copy orders of the old table to the new tables: write, quarantine or delete them.
create function migration.copy_or_quarantine_orders(ids bigint[], made_now boolean) returns void
language plpgsql
as $$
declare
  here bigint[];
  gone bigint[];
  good bigint[];
  bad bigint[];
  waiting bigint[];
  first_of bigint[]; -- those that name themselves as their first ancestor
  others bigint[];
  part bigint[];
  fresh bigint[] := '{}'; -- made now
  roots boolean;
begin
  if made_now and cardinality(ids) = 1 and migration.try_copy_new_order(ids[1]) then
    return;
  end if;
  here := array(select o.order_id from sales.orders as o where o.order_id = any(ids));
  if here <> '{}' or not made_now then
    ids := migration.postpone_locked('orders', ids, here, array(
      select o.order_id from sales.orders as o where o.order_id = any(here) order by o.order_id
      for no key update skip locked
    ));
    here := array(select h.id from unnest(here) as h (id) where h.id = any(ids));
  end if;

  select coalesce(array_agg(o.order_id) filter (where o.order_ref = o.order_id), '{}'),
    coalesce(array_agg(o.order_id) filter (where o.order_ref is distinct from o.order_id), '{}')
  into first_of, others
  from migration.old_orders as o where o.order_id = any(ids);
  if cardinality(first_of) + cardinality(others) < cardinality(ids) then
    gone := array(select i.id from unnest(ids) as i (id) except select i.id from unnest(first_of || others) as i (id));
    perform migration.remove_orders(gone);
    delete from migration.quarantined_order as q where q.order_id = any(gone);
    delete from migration.quarantined_fact as k where k.tab = 'orders' and k.id = any(gone);
  end if;
  if here <> '{}' then
    waiting := migration.quarantine_former_lineages(here);
  end if;
  perform migration.add_schedules(ids);

  -- first the orders that others of them may reference
  foreach roots in array array[true, false] loop
    part := case when roots then first_of else others end;
    continue when part = '{}';
    if made_now then
      fresh := array(select i.id from unnest(part) as i (id) where i.id <> all(here));
    end if;
    select coalesce(array_agg(f.order_id) filter (where f.faults = '{}'), '{}'),
      coalesce(array_agg(f.order_id) filter (where f.faults <> '{}'), '{}')
    into good, bad
    from migration.order_faults(part, fresh) as f;
    if bad <> '{}' then
      perform migration.quarantine_orders(bad, null, fresh);
    end if;
    continue when good = '{}';
    perform migration.copy_valid_orders(good, here, roots, made_now);
    -- rows that waited for one of them
    if roots then
      waiting := waiting || array(
        select q.order_id::bigint from migration.quarantined_order as q
        where q.first_ancestor_id = any(good) and q.order_id <> all(ids)
      );
    end if;
  end loop;
  if cardinality(waiting) > 0 then
    perform migration.copy_to_new('orders', array(select distinct w.id from unnest(waiting) as w (id) order by w.id));
  end if;
end
$$;

-- Put into quarantine the orders of those that can no longer be a first ancestor; return them, to be judged.
create function migration.quarantine_former_lineages(ids bigint[]) returns bigint[]
language plpgsql
as $$
declare
  moved bigint[];
  of_them bigint[] := '{}';
begin
  moved := array(
    select n.order_id
    from sales.orders as n
    join migration.old_orders as o on o.order_id = n.order_id
    where n.order_id = any(ids) and n.first_ancestor_id = n.order_id
      and (o.order_ref is distinct from o.order_id or o.customer_id is distinct from n.customer_id)
  );
  if moved <> '{}' then
    of_them := array(
      select n.order_id from sales.orders as n
      where n.first_ancestor_id = any(moved) and n.order_id <> n.first_ancestor_id
      order by n.order_id
    );
    perform migration.quarantine_orders(of_them, 'its first ancestor was changed');
  end if;
  return of_them;
end
$$;

-- Add the schedules of orders that are not there yet.
create function migration.add_schedules(ids bigint[]) returns void
language plpgsql
as $$
begin
  if exists (
    select from migration.old_orders as o
    where o.order_id = any(ids) and o.order_schedule <> repeat('0', 336)::bit(336)
      and not exists (select from sales_old.schedule_bits as b where b.bits = o.order_schedule::text)
  ) then
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
end
$$;
