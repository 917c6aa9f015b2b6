-- title: Triggers reject recreations that the balance does not cover
-- protects: recreation.is_covered_by_balance
-- requires: key orders.order_id, key customers.customer_id
-- assumes: the triggers check a recreation when it is inserted, becomes live, or changes its amount, customer or
--   ancestor. They lock the customer's row until the transaction ends. Debits are never rejected, so a balance may
--   fall below the amount later; only the rule finds that. Book a payment of the same transaction first, or defer the
--   check: set constraints all deferred.

-- function:
create or replace function order_audit.is_covered_by_balance() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  it record;
begin
  -- The current row: a deferred check may see later changes. The lock lets one transaction at a time decide on a customer,
  -- and waits for changes of the balance. A shared lock could deadlock transactions that insert an order and then debit
  -- its customer.
  select o.order_id, c.customer_id,
    -- PostgreSQL sorts NaN above every number, so without the second test NaN would cover every amount.
    c.customer_balance > o.order_amount
      and (c.customer_balance < 1e300 or c.customer_balance::text <> 'NaN') as is_covered
  into it
  from {orders} as o
  join {customers} as c on c.customer_id = o.customer_id
  where o.order_id = new.order_id
    and o.order_ref <> o.order_id
    and o.order_status::text in ('pending', 'active', 'paused')
    and o.order_amount is not null
  for no key update of c;
  if found and it.is_covered is not true then
    raise exception 'order % is a live recreation, and the balance of customer % does not cover its amount',
      it.order_id, it.customer_id
      using errcode = 'check_violation', constraint = tg_name, schema = tg_table_schema, table = tg_table_name;
  end if;
  return null;
end
$$;
revoke all on function order_audit.is_covered_by_balance() from public

-- trigger orders inserted:
after insert on orders
deferrable initially immediate
for each row
when (new.order_ref <> new.order_id and new.order_status::text in ('pending', 'active', 'paused'))
execute function order_audit.is_covered_by_balance()

-- trigger orders updated:
after update on orders
deferrable initially immediate
for each row
when (
  new.order_ref <> new.order_id
  and new.order_status::text in ('pending', 'active', 'paused')
  and (
    (old.order_status::text in ('pending', 'active', 'paused')) is not true
    or old.order_amount is distinct from new.order_amount
    or old.customer_id is distinct from new.customer_id
    or old.order_ref is distinct from new.order_ref
    or old.order_id is distinct from new.order_id
  )
)
execute function order_audit.is_covered_by_balance()
