-- A part of prepare.sql, which runs it once.
-- Valid customers of the old table, with contact, address and balance.

-- Copy valid customers: new ones with their opening balance, and what has changed of those that are `here`.
create function migration.copy_valid_customers(good bigint[], here bigint[], made_now boolean) returns void
language plpgsql
as $$
declare
  fresh bigint[];
  direction text; -- not read: an assignment is cheaper than a query
begin
  fresh := array(
    select g.id from unnest(good) as g (id)
    where g.id <> all(here) and not exists (select from migration.quarantined_fact as k where k.tab = 'customers' and k.id = g.id)
  );
  insert into sales.customers as c (customer_id, name, balance, entry_number, created_at)
  select o.customer_id, o.customer_name, f.balance, case when f.balance = 0 then 0 else 1 end,
    case when made_now then now() end
  from migration.old_customers as o
  cross join lateral (
    select case
      when o.customer_id = any(fresh) then migration.without_drift(o.customer_balance)::text::numeric else 0
    end as balance
  ) as f
  where o.customer_id = any(good)
  order by o.customer_id
  on conflict (customer_id) do update set name = excluded.name where c.name <> excluded.name;
  direction := set_config('migration.direction', 'opening_balances', true);
  insert into sales.ledger_entries (
    customer_id, entry_number, balance_before, amount, balance_after, reason, created_at
  )
  select c.customer_id, 1, 0, c.balance, c.balance, 'opening balance', case when made_now then now() end
  from sales.customers as c
  where c.customer_id = any(fresh) and c.entry_number = 1
  order by c.customer_id;
  direction := set_config('migration.direction', 'to_new', true);
  perform migration.restore_facts_of_customers(good) where exists (select from migration.quarantined_fact);
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
  perform migration.copy_carried_values('customers', good) where exists (select from sales_old.carried);
  delete from migration.quarantined_customer as q where q.customer_id = any(good);
  -- errors must occur here, and not when the application commits
  set constraints sales.customers_balance_is_in_ledger immediate;
  set constraints sales.customers_balance_is_in_ledger deferred;
end
$$;
