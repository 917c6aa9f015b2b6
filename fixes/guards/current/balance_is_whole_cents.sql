-- title: CHECK rejects customer balances with fractions of cents
-- protects: customers.balance_is_whole_cents
-- assumes: an application that adds to a binary float rounds the sum to cents before it writes it

-- function:
-- The balance's text must be its shortest exact form, independent of the writing session's settings.
create or replace function order_audit.balance_is_whole_cents(balance anyelement) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
begin
  return not exists (
    with customers as (select null::bigint as customer_id, null::text as customer_name, balance as customer_balance)
    select from (
{violation}
    ) as violation
  );
end
$$;
grant execute on function order_audit.balance_is_whole_cents(anyelement) to public

-- check customers:
order_audit.balance_is_whole_cents(customer_balance)
