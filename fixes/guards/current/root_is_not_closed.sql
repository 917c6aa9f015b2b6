-- title: Triggers reject live recreations of ended orders
-- protects: lineage.root_is_not_closed
-- requires: key orders.order_id, guard order_ref_exists
-- assumes: the check happens at the end of the transaction, so a lineage can be closed in any order. Closing an order
--   and recreating it at the same time wait for each other. One of them may fail with a deadlock or, at REPEATABLE
--   READ or SERIALIZABLE, a serialization failure: retry it.

-- table:
-- Lineages with a new live recreation, for transactions whose snapshot does not show it: they write the same row and
-- fail with a serialization failure. The table is never read.
(order_ref numeric primary key)

-- function:
create or replace function order_audit.root_is_not_closed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  it record;
  ancestor text;
begin
  -- The current row: it may have been changed again, or deleted.
  select o.order_id, o.order_ref, o.order_status::text as status into it from {orders} as o where o.order_id = new.order_id;
  if not found then
    return null;
  end if;
  if it.order_ref <> it.order_id and it.status in ('pending', 'active', 'paused') then
    -- Wait for a transaction that closes the ancestor, and make later ones wait for this one.
    select a.order_status::text into ancestor from {orders} as a where a.order_id = it.order_ref for share;
    if ancestor in ('cancelled', 'expired') then
      raise exception 'order % is live, and its first ancestor % is %', it.order_id, it.order_ref, ancestor
        using errcode = 'check_violation', constraint = tg_name, schema = tg_table_schema, table = tg_table_name;
    end if;
    insert into order_audit.root_is_not_closed (order_ref) values (it.order_ref)
    on conflict (order_ref) do update set order_ref = excluded.order_ref;
  elsif it.status in ('cancelled', 'expired') then
    if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
      -- Rows newer than the snapshot are invisible, but writing the same row conflicts with them.
      insert into order_audit.root_is_not_closed (order_ref) values (it.order_id)
      on conflict (order_ref) do update set order_ref = excluded.order_ref;
    end if;
    if exists (
      select
      from {orders} as f
      where f.order_ref = it.order_id
        and f.order_id <> it.order_id
        and f.order_status::text in ('pending', 'active', 'paused')
    ) then
      raise exception 'order % is %, and a live recreation continues it', it.order_id, it.status
        using errcode = 'check_violation', constraint = tg_name, schema = tg_table_schema, table = tg_table_name;
    end if;
  end if;
  return null;
end
$$;
revoke all on function order_audit.root_is_not_closed() from public

-- trigger orders inserted:
after insert on orders
deferrable initially deferred
for each row
when (
  new.order_status::text in ('cancelled', 'expired')
  or new.order_ref <> new.order_id and new.order_status::text in ('pending', 'active', 'paused')
)
execute function order_audit.root_is_not_closed()

-- trigger orders updated:
after update on orders
deferrable initially deferred
for each row
when (
  (
    new.order_status::text in ('cancelled', 'expired')
    or new.order_ref <> new.order_id and new.order_status::text in ('pending', 'active', 'paused')
  )
  and (
    old.order_status::text is distinct from new.order_status::text
    or old.order_ref is distinct from new.order_ref
    or old.order_id is distinct from new.order_id
  )
)
execute function order_audit.root_is_not_closed()
