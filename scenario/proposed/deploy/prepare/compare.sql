-- A part of prepare.sql, which runs it once.
-- Comparison of both sides.

-- Both sides as lines of text, value by value; old balances without drift. The new side has the values that old
-- applications read, and whether the other values agree with them.
create view migration.comparable_row as
  select 'customers' as tab, 'old' as side, c.customer_id as id,
    row(
      c.customer_name, c.customer_email, c.customer_contact_name, c.customer_phone, c.address, c.address_state,
      migration.without_drift(c.customer_balance) + 0
    )::text as line
  from migration.old_customers as c
  union all
  select 'customers', 'new', c.customer_id,
    row(
      c.customer_name, c.customer_email, c.customer_contact_name, c.customer_phone, c.address, c.address_state,
      migration.without_drift(b.balance) + 0
    )::text
  from sales_old.customers as c
  -- of rows in quarantine, the balance may have drift; a column, so that the function is inlined
  cross join lateral (select c.customer_balance as balance offset 0) as b
  union all
  select 'orders', 'old', o.order_id,
    row(
      o.order_ref, o.customer_id, o.order_schedule, o.delivery_script_name, o.delivery_script_args, o.order_amount,
      o.order_status
    )::text
  from migration.old_orders as o
  union all
  select 'orders', 'new', o.order_id,
    row(
      o.order_ref, o.customer_id, o.order_schedule, o.delivery_script_name, o.delivery_script_args, o.order_amount,
      o.order_status
    )::text
  from sales_old.orders as o;

-- Key ranges in which the sides differ, by the sums of hashes of all their lines. By a hash table of the ranges: the
-- planner expects as many of them as rows, and would sort all lines on disk.
create function migration.differing_ranges(the_tab text, width bigint)
returns table (first_id bigint, last_id bigint, old_rows bigint, new_rows bigint)
language sql stable
set extra_float_digits = 1
set jit = off
set enable_sort = off
as $$
  select min(s.id), max(s.id), count(*) filter (where s.side = 'old'), count(*) filter (where s.side = 'new')
  from migration.comparable_row as s
  where s.tab = the_tab
  group by s.id / width
  having sum(hashtextextended(s.line, s.id) * case s.side when 'old' then 1::numeric else -1 end) <> 0
    or count(*) filter (where s.side = 'old') <> count(*) filter (where s.side = 'new')
  order by 1
$$;

-- The differing rows of a range: on one side only, or on both with different values.
create function migration.differing_rows(the_tab text, first_id bigint, last_id bigint)
returns table (id bigint, difference text)
language sql stable
set extra_float_digits = 1
set jit = off
as $$
  select s.id,
    case
      when count(*) = 2 then 'other values'
      when min(s.side) = 'old' then 'only in the old table'
      else 'only in the new tables'
    end
  from migration.comparable_row as s
  where s.tab = the_tab and s.id between first_id and last_id
  group by s.id
  having count(*) <> 2 or min(s.line) <> max(s.line)
  order by s.id
$$;

-- Consistency of the facts that only the new tables have.
create view migration.differing_inside as
  select 'customers' as tab, e.customer_id as id,
    format('ledger entry %s does not begin with the balance after the previous entry', e.entry_number) as difference
  from sales.ledger_entries as e
  left join sales.ledger_entries as p on p.customer_id = e.customer_id and p.entry_number = e.entry_number - 1
  where coalesce(p.balance_after, 0) <> e.balance_before or (e.entry_number > 1 and p.entry_number is null)
    or e.balance_before + e.amount <> e.balance_after
  union all
  select 'customers', c.customer_id, 'its balance is not the one after its last ledger entry'
  from sales.customers as c
  left join sales.ledger_entries as e on e.customer_id = c.customer_id and e.entry_number = c.entry_number
  where coalesce(e.balance_after, 0) <> c.balance or (c.entry_number > 0 and e.entry_number is null)
  union all
  select 'customers', e.customer_id, format('ledger entry %s is beyond the number of its entries', e.entry_number)
  from sales.ledger_entries as e
  join sales.customers as c on c.customer_id = e.customer_id
  where e.entry_number > c.entry_number
  union all
  select 'customers', e.customer_id, format('ledger entry %s names order %s of another customer', e.entry_number, e.order_id)
  from sales.ledger_entries as e
  join sales.orders as o on o.order_id = e.order_id
  where o.customer_id <> e.customer_id
  union all
  select 'orders', h.order_id,
    format('status change %s does not begin with the status after the previous change', h.change_number)
  from sales.order_status_changes as h
  left join sales.order_status_changes as p on p.order_id = h.order_id and p.change_number = h.change_number - 1
  where h.change_number > 1 and p.status_after is distinct from h.status_before
  union all
  select 'orders', h.order_id, 'its status is not the one after its last status change'
  from sales.order_status_changes as h
  join sales.orders as o on o.order_id = h.order_id
  where o.order_status <> h.status_after
    and not exists (
      select from sales.order_status_changes as n where n.order_id = h.order_id and n.change_number > h.change_number
    )
  union all
  select 'orders', coalesce(o.order_id, r.order_id), 'its recreation has no record, or a record that contradicts the order'
  from (select o.order_id, o.first_ancestor_id from sales.orders as o where o.recreated_amount is not null) as o
  full join sales.recreations as r on r.order_id = o.order_id
  left join sales.orders as p on p.order_id = r.predecessor_id
  where o.order_id is null or r.order_id is null or r.first_ancestor_id <> o.first_ancestor_id
    or (
      r.predecessor_id is not null
      and (p.first_ancestor_id is distinct from r.first_ancestor_id or p.order_id >= r.order_id)
    )
    or r.balance <= r.amount
  union all
  select 'deliveries', d.delivery_id, 'old applications read other arguments'
  from sales.deliveries as d
  left join sales_old.delivery_texts as t on t.delivery_id = d.delivery_id
  where t.customer_id is distinct from d.customer_id
    or nullif(t.args_text::jsonb, 'null') is distinct from sales_private.with_secrets(d.customer_id, d.args)::jsonb
  union all
  select 'orders', n.order_id, 'it has a delivery, and is marked as one without for old applications'
  from sales_old.null_args as n
  join sales.orders as o on o.order_id = n.order_id
  where o.delivery_id is not null;

-- Schedules with a wrong bitmap for old applications.
create view migration.differing_schedules as
  select s.schedule_id
  from sales.schedules as s
  left join sales_old.schedule_bits as b on b.schedule_id = s.schedule_id
  where b.bits is distinct from sales.bits(s.half_hours)::text;

-- The nightly job on both schemas: orders that only one of them recreates, with the reason.
create view migration.differing_recreations as
  select coalesce(o.order_id, n.order_id) as order_id,
    case when n.order_id is null then 'old' else 'new' end as recreated_by,
    coalesce(
      (select 'in quarantine: ' || array_to_string(q.reasons, ', ') from migration.quarantined_order as q
       where q.order_id = coalesce(o.order_id, n.order_id)),
      (select 'balance ' || c.customer_balance || ' is not a number' from migration.old_customers as c
       where c.customer_id = o.customer_id and c.customer_balance = 'NaN'),
      (select 'its balance is above its amount by drift only' from migration.old_customers as c
       where c.customer_id = o.customer_id and migration.without_drift(c.customer_balance) <= o.amount),
      'a later order of its lineage is in quarantine'
    ) as why
  from (
    select o.order_id, o.customer_id, o.order_amount as amount
    from migration.old_orders as o
    join migration.old_customers as c on c.customer_id = o.customer_id
    where o.order_status in ('pending', 'active', 'paused') and c.customer_balance > o.order_amount
      and not exists (
        select from migration.old_orders as later where later.order_ref = o.order_ref and later.order_id > o.order_id
      )
  ) as o
  full join sales.orders_due as n on n.order_id = o.order_id
  where o.order_id is null or n.order_id is null;

-- Whether both sides were equal within the last day, and since the switch: the next step makes one of them the only one.
create function migration.is_verified() returns boolean
language sql stable
as $$
  select exists (
    select from migration.step as v
    where v.name = 'verify' and v.done_at > clock_timestamp() - interval '1 day'
      and v.done_at > coalesce((select s.done_at from migration.step as s where s.name = 'switch'), '-infinity')
  )
$$;
