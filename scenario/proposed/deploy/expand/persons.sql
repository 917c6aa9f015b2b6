-- A part of expand.sql, which runs it once.
-- Erasure of a person.

-- Books stay: orders, recreations, histories, and the ledger with its reasons. Everything else that says who the customer
-- is goes, or becomes a marker that passes the constraints. Before contract, triggers erase the old rows, too.
create function sales_private.erase_person(the_id bigint) returns table (erased text, number_of_rows bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  -- with references to secrets that `order-audit fixes` has stored
  stored bigint[];
  emails text[];
  names text[];
  found_orders text[];
begin
  perform from sales.customers as c where c.customer_id = the_id for update;
  if exists (select from pg_namespace as n where n.nspname = 'migration') then
    if exists (select from migration.quarantined_customer as q where q.customer_id = the_id)
      or exists (select from migration.quarantined_order as q where q.customer_id = the_id) then
      raise object_not_in_prerequisite_state using
        message = format('customer %s or its orders are in quarantine: fix these first', the_id),
        hint = 'order-audit migrate status lists them with their fixes';
    end if;
  end if;
  if not exists (select from sales.customers as c where c.customer_id = the_id) then
    raise no_data_found using message = format('there is no customer %s', the_id);
  elsif exists (
    select from sales.orders as o where o.customer_id = the_id and o.order_status in ('pending', 'active', 'paused')
  ) then
    raise object_not_in_prerequisite_state using
      message = format('customer %s has live orders: end them first', the_id),
      hint = format(
        'update sales.orders set order_status = ''cancelled'' where customer_id = %s'
          ' and order_status in (''pending'', ''active'', ''paused'')', the_id
      );
  end if;
  perform sales.lock_customer(the_id);
  select array_agg(lower(k.email)), array_agg(lower(k.name)) || array_agg(lower(k.email)) || array_agg(lower(k.phone))
  into emails, names
  from sales.contacts as k where k.customer_id = the_id and k.email <> format('erased-%s@erased.invalid', the_id);
  names := array_remove(
    names || array(select lower(c.name) from sales.customers as c where c.customer_id = the_id)
      || array(
        select lower(a.street) from sales.addresses as a where a.customer_id = the_id and a.street <> 'erased'
      ), null
  );
  stored := array(
    select r.found[1]::bigint from sales.deliveries as d
    cross join lateral regexp_matches(d.args::text, '"secret-ref:order-audit/([0-9]+)"', 'g') as r (found)
    where d.customer_id = the_id
  );
  found_orders := array(select o.order_id::text from sales.orders as o where o.customer_id = the_id);

  delete from sales.contacts as k where k.customer_id = the_id and not k.is_main;
  get diagnostics number_of_rows = row_count;
  update sales.contacts as k
  set name = 'erased', email = format('erased-%s@erased.invalid', the_id), phone = null
  where k.customer_id = the_id and (k.name, k.email, k.phone)
    is distinct from ('erased', format('erased-%s@erased.invalid', the_id), null);
  number_of_rows := number_of_rows + case when found then 1 else 0 end;
  erased := 'contacts';
  return next;
  delete from sales.addresses as a where a.customer_id = the_id and not a.is_main;
  get diagnostics number_of_rows = row_count;
  -- the state stays, because taxes depend on it
  update sales.addresses as a set street = 'erased' where a.customer_id = the_id and a.street <> 'erased';
  number_of_rows := number_of_rows + case when found then 1 else 0 end;
  erased := 'addresses';
  return next;
  update sales.customers as c set name = format('erased customer %s', the_id)
  where c.customer_id = the_id and c.name <> format('erased customer %s', the_id);
  get diagnostics number_of_rows = row_count;
  erased := 'names';
  return next;
  update sales.orders as o set delivery_id = null where o.customer_id = the_id and o.delivery_id is not null;
  delete from sales.deliveries as d where d.customer_id = the_id;
  get diagnostics number_of_rows = row_count;
  erased := 'deliveries';
  return next;
  delete from sales_private.secrets as s where s.customer_id = the_id;
  get diagnostics number_of_rows = row_count;
  erased := 'secrets';
  return next;

  erased := 'changes in the undo log of fixes';
  number_of_rows := 0;
  if exists (select from pg_namespace as n where n.nspname = 'migration') then
    delete from migration.quarantined_fact as k where k.tab = 'customers' and k.id = the_id;
  end if;
  if exists (select from pg_namespace as n where n.nspname = 'order_audit') then
    delete from order_audit.journal as j
    where (j.tab ~ '(^|[."])customers"?$' and j.key ->> 'customer_id' = the_id::text)
      or (j.tab ~ '(^|[."])orders"?$' and j.key ->> 'order_id' = any(found_orders))
      or exists (
        select from unnest(emails) as e where strpos(lower(concat(j.before, j.after)), to_json(e)::text) > 0
      );
    get diagnostics number_of_rows = row_count;
    delete from order_audit.todo as t
    where (t.tab ~ '(^|[."])customers"?$' and t.key ->> 'customer_id' = the_id::text)
      or (t.tab ~ '(^|[."])orders"?$' and t.key ->> 'order_id' = any(found_orders));
    delete from order_audit.refused as r
    where (r.tab ~ '(^|[."])customers"?$' and r.key ->> 'customer_id' = the_id::text)
      or (r.tab ~ '(^|[."])orders"?$' and r.key ->> 'order_id' = any(found_orders));
    delete from order_audit.secret as s
    where s.id = any(stored) and not exists (
      select from sales.deliveries as d where strpos(d.args::text, format('"secret-ref:order-audit/%s"', s.id)) > 0
    );
  end if;
  return next;
  -- books
  erased := 'not erased: ledger entries whose reason names the person';
  select count(*) into number_of_rows
  from sales.ledger_entries as e
  where e.customer_id = the_id
    -- a telephone number may be blank, which every reason contains
    and exists (select from unnest(names) as n where sales.is_not_blank(n) and strpos(lower(e.reason), n) > 0);
  return next;
end
$$;
comment on function sales_private.erase_person(bigint) is
  'Erases who a customer is, and keeps the books; returns how many rows of what.';
