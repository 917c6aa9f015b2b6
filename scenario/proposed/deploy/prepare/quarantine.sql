-- A part of prepare.sql, which runs it once.
-- Quarantine: moving rows in and out.

-- Facts of quarantined rows that only the new tables have: times, ledgers, histories, further contacts. They are
-- restored when the rows return.
create table migration.quarantined_fact (
  tab text not null,      -- the row's old table: customers or orders
  id bigint not null,
  new_tab text not null,  -- the new table that had the fact
  line jsonb not null
);
create index quarantined_fact_tab_id on migration.quarantined_fact (tab, id);

-- Remove customers and their dependent rows from the new tables; their orders are already removed.
create function migration.remove_customers(ids bigint[]) returns void
language sql
as $$
  insert into migration.quarantined_fact (tab, id, new_tab, line)
  select 'customers', c.customer_id, 'customers', to_jsonb(c) from sales.customers as c where c.customer_id = any(ids)
  union all
  select 'customers', e.customer_id, 'ledger_entries', to_jsonb(e)
  from sales.ledger_entries as e where e.customer_id = any(ids)
  union all
  select 'customers', k.customer_id, 'contacts', to_jsonb(k)
  from sales.contacts as k where k.customer_id = any(ids)
  union all
  select 'customers', a.customer_id, 'addresses', to_jsonb(a)
  from sales.addresses as a where a.customer_id = any(ids);
  delete from sales.ledger_entries as e where e.customer_id = any(ids);
  delete from sales.customers as c where c.customer_id = any(ids);
$$;

-- Restore the facts of customers that are in the new tables again; facts that no longer fit stay.
create function migration.restore_facts_of_customers(ids bigint[]) returns void
language plpgsql
as $$
begin
  ids := array(select distinct k.id from migration.quarantined_fact as k where k.tab = 'customers' and k.id = any(ids));
  if cardinality(ids) = 0 then
    return;
  end if;
  update sales.customers as c
  set created_at = (k.line ->> 'created_at')::timestamptz
  from migration.quarantined_fact as k
  where k.tab = 'customers' and k.id = any(ids) and k.new_tab = 'customers' and c.customer_id = k.id;
  -- with the same numbers and balances
  insert into sales.ledger_entries (customer_id, amount, reason, created_at)
  select k.id, (k.line ->> 'amount')::numeric, k.line ->> 'reason', (k.line ->> 'created_at')::timestamptz
  from migration.quarantined_fact as k
  where k.tab = 'customers' and k.id = any(ids) and k.new_tab = 'ledger_entries'
  order by k.id, (k.line ->> 'entry_number')::bigint;
  with there as (
    insert into sales.contacts (contact_id, customer_id, name, email, phone, is_main, created_at, updated_at)
    select r.contact_id, r.customer_id, r.name, r.email, r.phone, r.is_main, r.created_at, r.updated_at
    from migration.quarantined_fact as k
    cross join lateral jsonb_populate_record(null::sales.contacts, k.line) as r
    where k.tab = 'customers' and k.id = any(ids) and k.new_tab = 'contacts'
    on conflict do nothing
    returning contact_id
  )
  delete from migration.quarantined_fact as k
  using there as t
  where k.tab = 'customers' and k.id = any(ids) and k.new_tab = 'contacts' and (k.line ->> 'contact_id')::bigint = t.contact_id;
  insert into sales.addresses (address_id, customer_id, street, state_code, is_main, created_at, updated_at)
  select r.address_id, r.customer_id, r.street, r.state_code, r.is_main, r.created_at, r.updated_at
  from migration.quarantined_fact as k
  cross join lateral jsonb_populate_record(null::sales.addresses, k.line) as r
  where k.tab = 'customers' and k.id = any(ids) and k.new_tab = 'addresses'
  on conflict do nothing;
  delete from migration.quarantined_fact as k where k.tab = 'customers' and k.id = any(ids) and k.new_tab <> 'contacts';
end
$$;

-- Remove orders from the new tables. The orders of their lineages go into quarantine before.
create function migration.remove_orders(ids bigint[]) returns void
language plpgsql
as $$
begin
  perform migration.quarantine_orders(
    array(
      select o.order_id from sales.orders as o
      where o.first_ancestor_id = any(ids) and o.order_id <> all(ids)
      order by o.order_id
    )
  );
  insert into migration.quarantined_fact (tab, id, new_tab, line)
  select 'orders', o.order_id, 'orders', to_jsonb(o) from sales.orders as o where o.order_id = any(ids)
  union all
  select 'orders', r.order_id, 'recreations', to_jsonb(r) from sales.recreations as r where r.order_id = any(ids)
  union all
  select 'orders', h.order_id, 'order_status_changes', to_jsonb(h)
  from sales.order_status_changes as h where h.order_id = any(ids)
  union all
  select 'orders', e.order_id, 'ledger_entries', jsonb_build_object('customer_id', e.customer_id, 'entry_number', e.entry_number)
  from sales.ledger_entries as e where e.order_id = any(ids);
  perform sales_private.erase_orders(ids);
end
$$;

-- Restore the facts of orders that are in the new tables again. An order with a changed first ancestor was not
-- recreated at its creation: it has no record and no time. Each record is put between its neighbours again.
create function migration.restore_facts_of_orders(ids bigint[]) returns void
language plpgsql
as $$
declare
  record_kept sales.recreations;
begin
  ids := array(select distinct k.id from migration.quarantined_fact as k where k.tab = 'orders' and k.id = any(ids));
  if cardinality(ids) = 0 then
    return;
  end if;
  for record_kept in
    select r.*
    from migration.quarantined_fact as k
    cross join lateral jsonb_populate_record(null::sales.recreations, k.line) as r
    join sales.orders as o
      on o.order_id = r.order_id and o.first_ancestor_id = r.first_ancestor_id and o.customer_id = r.customer_id
    where k.tab = 'orders' and k.id = any(ids) and k.new_tab = 'recreations'
    order by r.order_id
  loop
    record_kept.predecessor_id := migration.predecessor(record_kept.first_ancestor_id, record_kept.order_id);
    update sales.recreations as r
    set predecessor_id = record_kept.order_id
    where r.predecessor_id = record_kept.predecessor_id and r.order_id > record_kept.order_id;
    insert into sales.recreations values (record_kept.*);
  end loop;
  update sales.orders as o
  set created_at = (k.line ->> 'created_at')::timestamptz, origin = k.line ->> 'origin',
    recreated_amount = (k.line ->> 'recreated_amount')::numeric
  from migration.quarantined_fact as k
  where k.tab = 'orders' and k.id = any(ids) and k.new_tab = 'orders' and o.order_id = k.id
    and (o.order_id = o.first_ancestor_id or exists (select from sales.recreations as r where r.order_id = o.order_id));
  insert into sales.order_status_changes (order_id, change_number, status_before, status_after, created_at)
  select r.order_id, r.change_number, r.status_before, r.status_after, r.created_at
  from migration.quarantined_fact as k
  cross join lateral jsonb_populate_record(null::sales.order_status_changes, k.line) as r
  where k.tab = 'orders' and k.id = any(ids) and k.new_tab = 'order_status_changes';
  update sales.ledger_entries as e
  set order_id = o.order_id
  from migration.quarantined_fact as k
  join sales.orders as o on o.order_id = k.id and o.customer_id = (k.line ->> 'customer_id')::bigint
  where k.tab = 'orders' and k.id = any(ids) and k.new_tab = 'ledger_entries'
    and e.customer_id = o.customer_id and e.entry_number = (k.line ->> 'entry_number')::bigint;
  insert into sales.order_status_changes (order_id, change_number, status_before, status_after)
  select o.order_id, (
      select coalesce(max(h.change_number), 0) + 1 from sales.order_status_changes as h where h.order_id = o.order_id
    ), k.line ->> 'order_status', o.order_status
  from migration.quarantined_fact as k
  join sales.orders as o on o.order_id = k.id
  where k.tab = 'orders' and k.id = any(ids) and k.new_tab = 'orders' and k.line ->> 'order_status' <> o.order_status;
  delete from migration.quarantined_fact as k where k.tab = 'orders' and k.id = any(ids);
end
$$;

-- Put orders into quarantine, and remove them from the new tables. The reason is what the server has `said`, or else the
-- faults of each.
create function migration.quarantine_orders(ids bigint[], said text default null, made_now bigint[] default '{}')
returns void
language plpgsql
as $$
declare
  again bigint[];
begin
  if cardinality(ids) = 0 then
    return;
  end if;
  delete from migration.pending as p where p.tab = 'orders' and p.id = any(ids);
  perform migration.remove_orders(ids);
  insert into migration.quarantined_order as q (
    order_id, first_ancestor_id, customer_id, old_schedule, old_script_name, old_script_args, amount, order_status, reasons
  )
  select o.order_id, o.order_ref, o.customer_id, o.order_schedule, o.delivery_script_name, o.delivery_script_args,
    o.order_amount, o.order_status,
    case
      when said is not null then array[said]
      when f.faults = '{}' then array[format('its first ancestor %s is not in the new tables', o.order_ref)]
      else f.faults
    end
  from migration.order_faults(ids, made_now) as f
  join migration.old_orders as o on o.order_id = f.order_id
  on conflict (order_id) do update set
    first_ancestor_id = excluded.first_ancestor_id, customer_id = excluded.customer_id,
    old_schedule = excluded.old_schedule, old_script_name = excluded.old_script_name,
    old_script_args = excluded.old_script_args, amount = excluded.amount, order_status = excluded.order_status,
    reasons = excluded.reasons;
  -- an order that another session has copied concurrently exists by now, and is judged again
  again := array(select o.order_id from sales.orders as o where o.order_id = any(ids) order by o.order_id);
  perform migration.copy_to_new('orders', again) where again <> '{}';
end
$$;

create function migration.quarantine_customers(ids bigint[], said text default null) returns void
language plpgsql
as $$
begin
  if cardinality(ids) = 0 then
    return;
  end if;
  delete from migration.pending as p where p.tab = 'customers' and p.id = any(ids);
  insert into migration.quarantined_customer as q (
    customer_id, old_name, old_email, old_contact_name, old_phone, old_address, old_state, old_balance, reasons
  )
  select c.customer_id, c.customer_name, c.customer_email, c.customer_contact_name, c.customer_phone, c.address,
    c.address_state, c.customer_balance, case when said is null then f.faults else array[said] end
  from migration.customer_faults(ids) as f
  join migration.old_customers as c on c.customer_id = f.customer_id
  on conflict (customer_id) do update set
    old_name = excluded.old_name, old_email = excluded.old_email, old_contact_name = excluded.old_contact_name,
    old_phone = excluded.old_phone, old_address = excluded.old_address, old_state = excluded.old_state,
    old_balance = excluded.old_balance, reasons = excluded.reasons;
  perform migration.quarantine_orders(
    array(select o.order_id from sales.orders as o where o.customer_id = any(ids) order by o.order_id),
    'its customer is in quarantine'
  );
  perform migration.remove_customers(ids);
end
$$;
