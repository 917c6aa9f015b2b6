-- A part of expand.sql, which runs it once.
-- Deletion of orders and their records, for the owner.

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
comment on function sales_private.erase_recreations(bigint[]) is 'Deletes the records of recreations, for the owner; lineages stay connected.';
revoke all on function sales_private.erase_recreations(bigint[]) from public;

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
revoke all on function sales_private.erase_orders(bigint[]) from public;
