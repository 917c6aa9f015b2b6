-- A part of prepare.sql, which runs it once.
-- Reasons why the new tables reject a row.

-- Return JSON as jsonb; null if jsonb rejects it. Only escapes that may not be characters, and numbers that may be too
-- large, run in an exception block, which costs a subtransaction.
create function migration.try_jsonb(args json) returns jsonb
language plpgsql immutable strict
as $$
begin
  return args::jsonb;
exception
  when data_exception or program_limit_exceeded then
    return null;
end
$$;
create function migration.as_jsonb(args json) returns jsonb
language sql immutable
return case
  when args::text ~ '\\u|[0-9][eE]' or length(args::text) > 250 then migration.try_jsonb(args)
  else args::jsonb
end;

-- Return a balance as the new tables store it: the one rule of triggers, backfill and comparison. Sums of binary fractions
-- drift: 0.1 + 0.2 is 0.30000000000000004. A balance within a millionth of a dollar of whole cents counts as these; any
-- other is unchanged, and rejected if it is not in whole cents.
create function migration.without_drift(balance float8) returns float8
language sql immutable
return case
  when abs(balance) < 1e13 and abs(round(balance::text::numeric, 2) - balance::text::numeric) < 0.000001
  then round(balance::text::numeric, 2)::text::float8
  else balance
end;

-- Return what is wrong with the value of a column, or null. The fast paths of to_new.sql ask these alone, for the columns
-- that a statement has changed.
create function migration.balance_fault(balance float8) returns text
language sql immutable
return case
  when balance is null or balance in ('NaN', 'Infinity', '-Infinity') then 'customers.balance_is_finite'
  when balance < 0 then 'customers.balance_is_not_negative'
  when balance >= 1e16 then 'the balance has more than sixteen digits'
  when balance::text::numeric <> round(balance::text::numeric, 2) then 'customers.balance_is_whole_cents'
end;
create function migration.status_fault(order_status text) returns text
language sql immutable
return case
  when order_status in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated') then null
  else 'orders.status_is_known'
end;
create function migration.amount_fault(amount integer) returns text
language sql immutable
return case
  when amount is null then 'there is no amount'
  when amount < 0 then 'orders.amount_is_not_negative'
end;
create function migration.schedule_fault(schedule bit, order_status text) returns text
language sql immutable
return case
  when schedule is null then 'there is no schedule'
  when order_status = 'active' and schedule = repeat('0', 336)::bit(336) then 'orders.active_order_has_schedule'
end;

-- Return the rules of the audit by which the new tables reject a customer; none for a valid one. Works on many
-- customers, because a function call per row costs more than its work. Existence is tested by a scalar subquery: for
-- `exists`, the server may hash a whole table to judge one row. `offset 0` prevents a second evaluation of the faults.
create function migration.customer_faults(ids bigint[]) returns table (customer_id bigint, faults text[])
language sql stable
as $$
  select c.customer_id, array_remove(array[
    case
      when coalesce(
        sales.is_not_blank(c.customer_name) and sales.is_not_blank(c.customer_email)
          and sales.is_not_blank(c.customer_contact_name) and sales.is_not_blank(c.address)
          and sales.is_not_blank(c.address_state), false
      ) then null
      else 'customers.required_text_is_present'
    end,
    case
      when sales.is_not_blank(c.customer_email) and not sales.is_email(c.customer_email) then 'customers.email_is_valid'
    end,
    case
      when (select k.customer_id from sales.contacts as k where lower(k.email) = lower(c.customer_email)) <> c.customer_id
      then 'customers.email_is_unique'
    end,
    case
      when sales.is_not_blank(c.address_state)
        and (select s.state_code from sales.states as s where s.state_code = c.address_state) is null
      then 'customers.state_is_usps_code'
    end,
    migration.balance_fault(b.balance)
  ], null)
  from migration.old_customers as c
  cross join lateral (select migration.without_drift(c.customer_balance) as balance offset 0) as b
  where c.customer_id = any(ids)
  offset 0
$$;

-- Return why an order's first ancestor is not one of the new tables. A function of its own, because the server would set
-- up a recursion for each order that has no such fault.
create function migration.ancestor_fault(the_id bigint, the_ref bigint, the_customer bigint) returns text
language plpgsql stable
as $$
begin
  return coalesce(
    (
      select case
          when root.order_ref is distinct from root.order_id and exists (
            with recursive ahead (id) as (
              select root.order_ref
              union
              select a.order_ref from ahead join migration.old_orders as a on a.order_id = ahead.id
            )
            select from ahead where ahead.id = the_id
          ) then 'lineage.is_acyclic'
          when root.order_ref is distinct from root.order_id then 'lineage.order_ref_is_first_ancestor'
          when root.customer_id is distinct from the_customer then 'lineage.keeps_customer'
          else format('its first ancestor %s is in quarantine', the_ref)
        end
      from migration.old_orders as root where root.order_id = the_ref
    ),
    'lineage.order_ref_exists'
  );
end
$$;

-- The same for orders. The balance must cover orders that are recreated now (`made_now`), and those already in
-- quarantine for that reason. The same applies to a second recreation on a business day.
create function migration.order_faults(ids bigint[], made_now bigint[] default '{}')
returns table (order_id bigint, faults text[])
language sql stable
as $$
  select o.order_id, array_remove(array[
    case
      when (select c.customer_id from sales.customers as c where c.customer_id = o.customer_id) is null then case
        when (select c.customer_id from migration.old_customers as c where c.customer_id = o.customer_id) is not null
        then format('customer %s is in quarantine', o.customer_id)
        else 'orders.customer_exists'
      end
    end,
    case
      when o.order_ref = o.order_id then null
      when (
        select root.first_ancestor_id = root.order_id from sales.orders as root
        where root.order_id = o.order_ref and root.customer_id = o.customer_id
      ) then null
      else migration.ancestor_fault(o.order_id, o.order_ref, o.customer_id)
    end,
    migration.status_fault(o.order_status),
    migration.amount_fault(o.order_amount),
    migration.schedule_fault(o.order_schedule, o.order_status),
    case when o.delivery_script_name !~ '^[a-z][a-z0-9_]*$' then 'orders.script_name_is_identifier' end,
    case
      when j.kind not in ('object', 'null') then 'orders.delivery_args_are_object'
      when j.kind = 'object' and o.delivery_script_name is null then 'orders.delivery_args_need_script'
      when j.kind = 'object' and j.args is null then 'orders.delivery_args_convert_to_jsonb'
      when j.kind = 'object'
        and (select count(*) from json_object_keys(o.delivery_script_args)) > (select count(*) from jsonb_object_keys(j.args))
      then 'orders.delivery_args_keys_are_unique'
      when o.delivery_script_name = 'email_delivery' and not coalesce(
        jsonb_typeof(j.args -> 'email_address') = 'string' and sales.is_email(j.args ->> 'email_address'), false
      ) then 'orders.email_delivery_has_address'
      -- of a script that is null, `and` would look for the key
      when o.delivery_script_name is not distinct from 'custom_crm' and not sales.has_api_key(j.args)
      then 'orders.custom_crm_has_key'
    end,
    case
      when o.order_ref <> o.order_id and o.order_status in ('pending', 'active', 'paused')
        and (
          o.order_id = any(made_now) or (
            select q.reasons @> '{recreation.is_covered_by_balance}'
            from migration.quarantined_order as q where q.order_id = o.order_id
          )
        )
        and (select c.balance > o.order_amount from sales.customers as c where c.customer_id = o.customer_id) is not true
      then 'recreation.is_covered_by_balance'
    end,
    case
      when o.order_ref <> o.order_id and exists (
        select from sales.recreations as r
        where r.first_ancestor_id = o.order_ref and r.order_id <> o.order_id and r.business_day = sales.business_day(
          case
            when o.order_id = any(made_now) then now()
            else (
              select q.since from migration.quarantined_order as q
              where q.order_id = o.order_id and q.reasons @> '{recreation.happens_once_a_day}'
            )
          end
        )
      ) then 'recreation.happens_once_a_day'
    end
  ], null)
  from migration.old_orders as o
  cross join lateral (
    select k.kind, case when k.kind = 'object' then migration.as_jsonb(o.delivery_script_args) end as args
    from (select json_typeof(o.delivery_script_args) as kind offset 0) as k
    offset 0
  ) as j
  where o.order_id = any(ids)
  offset 0
$$;

-- The faults of either, by name.
create function migration.faults(the_tab text, ids bigint[]) returns table (id bigint, faults text[])
language sql stable
as $$
  select f.customer_id, f.faults from migration.customer_faults(ids) as f where the_tab = 'customers'
  union all
  select f.order_id, f.faults from migration.order_faults(ids) as f where the_tab = 'orders'
$$;
