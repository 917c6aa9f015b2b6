-- A part of expand.sql, which runs it once.
-- For the owner: deletion of orders, retention of secrets, erasure of a person.

-- A successor of an order without its record follows the next earlier order that has no successor.
create function sales_private.erase_recreations(ids bigint[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set sales.correcting = 'on'
as $$
declare
  later record;
  free bigint;
begin
  delete from sales.recreations as r where r.order_id = any(ids);
  for later in
    select r.order_id, r.first_ancestor_id from sales.recreations as r where r.predecessor_id = any(ids) order by r.order_id
  loop
    select max(p.order_id) into free
    from sales.orders as p
    where p.first_ancestor_id = later.first_ancestor_id and p.order_id < later.order_id and p.order_id <> all(ids)
      and not exists (select from sales.recreations as r where r.predecessor_id = p.order_id);
    if free is null then
      delete from sales.recreations as r where r.order_id = later.order_id;
      update sales.orders as o set origin = 'migrated', created_at = null where o.order_id = later.order_id;
    else
      update sales.recreations as r set predecessor_id = free where r.order_id = later.order_id;
    end if;
  end loop;
end
$$;
comment on function sales_private.erase_recreations(bigint[]) is
  'Deletes the records of recreations, for the owner; lineages stay connected.';

create function sales_private.erase_orders(ids bigint[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set sales.correcting = 'on'
as $$
begin
  perform sales_private.erase_recreations(ids);
  delete from sales.order_status_changes as h where h.order_id = any(ids);
  update sales.ledger_entries as e set order_id = null where e.order_id = any(ids);
  delete from sales.orders as o where o.order_id = any(ids);
end
$$;
comment on function sales_private.erase_orders(bigint[]) is 'Deletes orders with their records, for the owner.';

-- Whether a secret is needed: it or a delivery that refers to it is younger than a time, or such a delivery is of a lineage
-- with an order that is live or has changed its status since. The time of older changes is unknown.
create function sales_private.is_needed(the_id bigint, since timestamptz) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select s.created_at > since or exists (
    select from sales.deliveries as d
    left join sales.orders as o on o.customer_id = d.customer_id and o.delivery_id = d.delivery_id
    left join sales.orders as l on l.first_ancestor_id = o.first_ancestor_id
    where d.customer_id = s.customer_id and sales_private.refers_to(d.args, s.secret_id)
      and (
        d.created_at > since or l.created_at > since or l.order_status in ('pending', 'active', 'paused')
        or exists (select from sales.order_status_changes as h where h.order_id = l.order_id and h.created_at > since)
      )
  )
  from sales_private.secrets as s where s.secret_id = the_id
$$;
comment on function sales_private.is_needed(bigint, timestamptz) is
  'Whether a secret is in use, or has been since a time.';

-- Retention. A delivery is locked before the second look, so that no order takes it meanwhile; locked ones wait for the
-- next call.
create function sales_private.forget_secrets(closed_for interval) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  since timestamptz := now() - closed_for;
  one record;
  users bigint[];
  forgotten bigint := 0;
begin
  if exists (select from pg_namespace as n where n.nspname = 'migration') then
    raise object_not_in_prerequisite_state using
      message = 'secrets cannot be forgotten before contract, because the old tables have them, too';
  elsif since is null or since > now() then
    raise invalid_parameter_value using message = 'closed_for must be an interval of at least 0';
  end if;
  for one in
    select s.secret_id, s.customer_id from sales_private.secrets as s
    where s.secret is not null and not sales_private.is_needed(s.secret_id, since)
    order by s.secret_id
  loop
    users := array(
      select d.delivery_id from sales.deliveries as d
      where d.customer_id = one.customer_id and sales_private.refers_to(d.args, one.secret_id)
    );
    if (select count(*) from (
      select from sales.deliveries as d where d.delivery_id = any(users) for update skip locked
    ) as l) = cardinality(users) then
      update sales_private.secrets as s set secret = null
      where s.secret_id = one.secret_id and not sales_private.is_needed(s.secret_id, since);
      forgotten := forgotten + case when found then 1 else 0 end;
    end if;
  end loop;
  return forgotten;
end
$$;
comment on function sales_private.forget_secrets(interval) is
  'Forgets secrets of lineages that have had no live order for a time; returns their number. References to them stay.';

create function sales_private.forget_unused(
  made_for interval default interval '1 day', out deliveries bigint, out secrets bigint
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  ids bigint[];
begin
  -- locked first; the next statement sees orders that were committed meanwhile
  ids := array(
    select d.delivery_id from sales.deliveries as d
    where (d.created_at < now() - made_for or d.created_at is null)
      and not exists (select from sales.orders as o where o.customer_id = d.customer_id and o.delivery_id = d.delivery_id)
    for update skip locked
  );
  delete from sales.deliveries as d
  where d.delivery_id = any(ids)
    and not exists (select from sales.orders as o where o.customer_id = d.customer_id and o.delivery_id = d.delivery_id);
  get diagnostics deliveries = row_count;
  ids := array(
    select s.secret_id from sales_private.secrets as s
    where s.created_at < now() - made_for and not exists (
      select from sales.deliveries as d
      where d.customer_id = s.customer_id and sales_private.refers_to(d.args, s.secret_id)
    )
    for update skip locked
  );
  delete from sales_private.secrets as s
  where s.secret_id = any(ids) and not exists (
    select from sales.deliveries as d
    where d.customer_id = s.customer_id and sales_private.refers_to(d.args, s.secret_id)
  );
  get diagnostics secrets = row_count;
end
$$;
comment on function sales_private.forget_unused(interval) is
  'Deletes deliveries that no order uses, and secrets that no delivery refers to, of at least an age; skips locked '
  'ones.';
