-- A part of prepare.sql, which runs it once.
-- Customers of the old table to the new tables: which are valid, and which are locked.

-- Copy customers of the old table to the new tables: write, quarantine or delete them.
create function migration.copy_or_quarantine_customers(ids bigint[], made_now boolean) returns void
language plpgsql
as $$
declare
  here bigint[];
  gone bigint[];
  good bigint[];
  bad bigint[];
  waiting bigint[];
begin
  here := array(select c.customer_id from sales.customers as c where c.customer_id = any(ids));
  if here <> '{}' or not made_now then
    ids := migration.postpone_locked('customers', ids, here, migration.lock_customers(here));
    here := array(select h.id from unnest(here) as h (id) where h.id = any(ids));
  end if;

  gone := array(
    select i.id from unnest(ids) as i (id)
    where (select c.customer_id from migration.old_customers as c where c.customer_id = i.id) is null
  );
  if cardinality(gone) > 0 then
    perform migration.quarantine_orders(
      array(select o.order_id from sales.orders as o where o.customer_id = any(gone) order by o.order_id)
    );
    perform migration.remove_customers(gone);
    delete from migration.quarantined_customer as q where q.customer_id = any(gone);
    delete from migration.quarantined_fact as k where k.tab = 'customers' and k.id = any(gone);
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

  perform migration.copy_valid_customers(good, here, made_now);
  if bad <> '{}' then
    perform migration.quarantine_customers(bad);
  end if;
  if cardinality(good) + cardinality(bad) + cardinality(gone) < cardinality(ids) then
    perform migration.copy_or_quarantine_customers(
      array(select i.id from unnest(ids) as i (id) where i.id <> all(good || bad || gone) order by 1), made_now
    );
  end if;
  -- rows that waited for one of them
  waiting := array(select q.order_id from migration.quarantined_order as q where q.customer_id = any(good) order by 1);
  if waiting <> '{}' then
    perform migration.copy_to_new('orders', waiting);
  end if;
end
$$;

-- Lock customers of the new tables with their main contacts and addresses; return those of which nothing is locked by
-- another session.
create function migration.lock_customers(ids bigint[]) returns bigint[]
language plpgsql
as $$
declare
  free bigint[];
  contacts bigint[];
  addresses bigint[];
begin
  free := array(
    select c.customer_id from sales.customers as c where c.customer_id = any(ids) order by c.customer_id
    for no key update skip locked
  );
  contacts := array(
    select k.customer_id from sales.contacts as k where k.customer_id = any(free) and k.is_main
    for no key update skip locked
  );
  addresses := array(
    select a.customer_id from sales.addresses as a where a.customer_id = any(free) and a.is_main
    for no key update skip locked
  );
  return array(
    select f.id from unnest(free) as f (id)
    where (f.id = any(contacts) or not exists (select from sales.contacts as k where k.customer_id = f.id and k.is_main))
      and (f.id = any(addresses) or not exists (select from sales.addresses as a where a.customer_id = f.id and a.is_main))
  );
end
$$;
