-- The counts of the 16 rules, as well as we could write them. Each statement gives one row; a column is named after
-- its rule. Primary keys and NOT NULLs are relied upon, check constraints and foreign keys are not.

-- Most orders reference an older root of the same existing customer: one small hash table excludes them. The rest is
-- looked up.
with root as (
  select r.order_id, r.customer_id
  from orders as r
  join (
    select customer_id
    from customers
    offset 0  -- or the planner would look each customer up, for it thinks that roots are few
  ) as c on c.customer_id = r.customer_id
  where r.order_ref = r.order_id
),
odd as materialized (
  select o.order_id, o.order_ref, o.customer_id
  from orders as o
  where not exists (
    select
    from root as r
    where r.order_id = o.order_ref and r.customer_id = o.customer_id and o.order_ref <= o.order_id
  )
)
select
  count(*) filter (where a.order_id is null) as "lineage.order_ref_exists",
  count(*) filter (
    where o.order_ref <> o.order_id and a.customer_id <> o.customer_id
  ) as "lineage.keeps_customer",
  count(*) filter (where a.order_id is not null and o.order_ref > o.order_id) as "lineage.ancestor_is_older",
  count(*) filter (where c.customer_id is null) as "orders.customer_exists"
from odd as o
left join lateral (select * from orders where order_id = o.order_ref limit 1) as a on true
left join lateral (select * from customers where customer_id = o.customer_id limit 1) as c on true;

-- One pass over the few orders that are live or cannot be right; everything about live orders is asked of those.
with odd as materialized (
  select order_id, order_ref, customer_id, order_amount, order_status,
    order_status in ('active', 'pending', 'paused') as live,
    order_status = 'active' and position(B'1' in order_schedule) = 0 as never_on,
    order_status = 'active' and coalesce(btrim(delivery_script_name, E' \t\n\r\f\x0b'), '') = '' as no_delivery
  from orders
  where order_status not in ('recreated', 'expired', 'cancelled') or order_amount < 0
)
select one.*, two.*, three.*
from (
  select
    count(*) filter (
      where order_status not in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated')
    ) as "orders.status_is_known",
    count(*) filter (where order_amount < 0) as "orders.amount_is_not_negative",
    count(*) filter (where live and order_amount = 0) as "orders.live_order_has_amount",
    count(*) filter (where never_on) as "orders.active_order_has_schedule",
    count(*) filter (where no_delivery) as "orders.active_order_has_delivery"
  from odd
) as one
cross join (
  select
    count(*) filter (
      where o.order_ref <> o.order_id
        and (c.customer_balance <= o.order_amount or c.customer_balance = 'NaN')
    ) as "recreation.is_covered_by_balance",
    -- a cent away from the amount, rounding decides nothing
    count(*) filter (
      where abs(c.customer_balance - o.order_amount) < 0.01
        and (c.customer_balance > o.order_amount)
          <> (round(c.customer_balance::text::numeric, 2) > o.order_amount)
    ) as "recreation.decision_survives_rounding"
  from odd as o
  join customers as c on c.customer_id = o.customer_id
  where o.live
) as two
cross join (
  select coalesce(sum(l.orders - 1), 0) as "lineage.one_live_order"
  from (select count(*) as orders from odd where live group by order_ref having count(*) > 1) as l
) as three;

select
  count(*) filter (where customer_balance < 0) as "customers.balance_is_not_negative",
  count(*) filter (
    where customer_balance in ('NaN', 'Infinity', '-Infinity')
  ) as "customers.balance_is_finite",
  count(*) filter (
    where address_state not in (
      'AL', 'AK', 'AZ', 'AR', 'CA', 'CO', 'CT', 'DE', 'FL', 'GA', 'HI', 'ID', 'IL', 'IN', 'IA', 'KS', 'KY', 'LA', 'ME',
      'MD', 'MA', 'MI', 'MN', 'MS', 'MO', 'MT', 'NE', 'NV', 'NH', 'NJ', 'NM', 'NY', 'NC', 'ND', 'OH', 'OK', 'OR', 'PA',
      'RI', 'SC', 'SD', 'TN', 'TX', 'UT', 'VT', 'VA', 'WA', 'WV', 'WI', 'WY', 'DC', 'AS', 'GU', 'MP', 'PR', 'VI', 'AA',
      'AE', 'AP'
    )
  ) as "customers.state_is_usps_code"
from customers;

select coalesce(sum(e.customers - 1), 0) as "customers.email_is_unique"
from (
  select count(*) as customers
  from customers
  where btrim(customer_email, E' \t\n\r\f\x0b') <> ''
  group by lower(btrim(customer_email)) collate "C"
) as e;
