-- Deploy sales:prepare to pg
-- [requires: expand]
-- What it takes to keep the current tables and the proposed ones equal: functions, the quarantine, the views that old
-- applications will read. It locks nothing of the current tables, and does nothing yet.

begin;
set local lock_timeout = '2s';
set local statement_timeout = '1min';

create schema migration;
comment on schema migration is 'What keeps the current tables and the proposed ones equal. It goes with the current tables.';
create schema sales_old;
comment on schema sales_old is 'What old applications need of the new tables. It goes when they do.';

create table migration.step (
  name text primary key,
  detail jsonb not null default '{}',
  done_at timestamptz not null default clock_timestamp()
);
comment on table migration.step is 'Which steps are done, and how far those are that take long.';

-- The current tables, wherever they stand: a view goes with its table when that is moved.
create view migration.old_customers as
  select c.customer_id, c.customer_name, c.customer_email, c.customer_contact_name, c.customer_phone, c.address,
    c.address_state, c.customer_balance
  from public.customers as c;
create view migration.old_orders as
  select o.order_id, o.order_ref, o.customer_id, o.order_schedule, o.delivery_script_name, o.delivery_script_args,
    o.order_amount, o.order_status
  from public.orders as o;

-- The columns that are taken along. One that is not here is nobody's: see migration.new_columns.
create table migration.known_column (
  tab text not null,
  name text not null,
  type text not null,
  primary key (tab, name)
);
insert into migration.known_column (tab, name, type)
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
from pg_catalog.pg_class as c
join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_attribute as v on v.attname = a.attname and v.attrelid = case c.relname
  when 'orders' then 'migration.old_orders'::regclass else 'migration.old_customers'::regclass
end
where c.oid in ('public.customers'::regclass, 'public.orders'::regclass);

-- What old tables have that no step takes along, or that is no longer as it was.
create view migration.new_columns as
  select c.relname as tab, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, k.type as type_before
  from pg_catalog.pg_class as c
  join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join migration.known_column as k on k.tab = c.relname and k.name = a.attname
  where c.oid in (
      select d.refobjid from pg_catalog.pg_depend as d
      join pg_catalog.pg_rewrite as r on r.oid = d.objid and d.classid = 'pg_catalog.pg_rewrite'::regclass
      where d.refclassid = 'pg_catalog.pg_class'::regclass
        and r.ev_class in ('migration.old_customers'::regclass, 'migration.old_orders'::regclass)
    )
    and c.relkind in ('r', 'p') and k.type is distinct from format_type(a.atttypid, a.atttypmod);

-- What rows of the new tables and of the quarantine have in common, so that a view shows both and yet reads one table:
-- a union would let SELECT ... FOR UPDATE through without locking anything.
create table migration.customer_row (customer_id bigint not null, name text, balance numeric(18, 2));
create table migration.order_row (
  order_id bigint not null,
  customer_id bigint,
  first_ancestor_id bigint,
  schedule_id bigint,
  amount numeric(12, 2),
  order_status text
);
create table migration.quarantined_customer (
  primary key (customer_id),
  old_name text,
  old_email text,
  old_contact_name varchar(100),
  old_phone varchar(20),
  old_address text,
  old_state text,
  old_balance float8,
  reasons text[] not null,
  since timestamptz not null default now()
) inherits (migration.customer_row);
comment on table migration.quarantined_customer is 'Rows that the new tables cannot hold, as they are, and why.';
create table migration.quarantined_order (
  primary key (order_id),
  old_schedule bit(336),
  old_script_name text,
  old_script_args json,
  reasons text[] not null,
  since timestamptz not null default now()
) inherits (migration.order_row);
comment on table migration.quarantined_order is 'Rows that the new tables cannot hold, as they are, and why.';
create index quarantined_order_customer on migration.quarantined_order (customer_id);
create index quarantined_order_ref on migration.quarantined_order (first_ancestor_id);
alter table sales.customers inherit migration.customer_row;
alter table sales.orders inherit migration.order_row;

-- Old applications ask by 32-bit numbers.
create index customers_old_id on sales.customers ((customer_id::integer));
create index orders_old_id on sales.orders ((order_id::integer));
create index orders_old_customer on sales.orders ((customer_id::integer));
create index orders_old_ref on sales.orders ((first_ancestor_id::integer));
create index quarantined_customer_old_id on migration.quarantined_customer ((customer_id::integer));
create index quarantined_order_old_id on migration.quarantined_order ((order_id::integer));
create index quarantined_order_old_customer on migration.quarantined_order ((customer_id::integer));
create index quarantined_order_old_ref on migration.quarantined_order ((first_ancestor_id::integer));

-- What the old columns cannot hold is not written to the new ones either, as long as somebody reads the old.
alter table sales.customers add constraint customers_fit_old_columns check (
  customer_id between -2147483648 and 2147483647 and balance::text::float8::text::numeric = balance
);
alter table sales.contacts add constraint contacts_fit_old_columns check (char_length(name) <= 100 and char_length(phone) <= 20);
alter table sales.orders add constraint orders_fit_old_columns check (
  order_id between -2147483648 and 2147483647 and amount = trunc(amount) and amount <= 2147483647
);

-- Rows that were held by an application of the new side when one of the old side changed them: neither waits for the other,
-- and who comes second brings both together.
create table migration.pending (kind text not null, id bigint not null, primary key (kind, id));

-- Schedules as old applications know them.
create table sales_old.schedule_bits (
  schedule_id bigint primary key references sales.schedules (schedule_id) on delete cascade,
  bits text not null unique check (length(bits) = 336 and bits !~ '[^01]')
);
comment on table sales_old.schedule_bits is 'Schedules as old applications know them.';
comment on column sales_old.schedule_bits.schedule_id is 'Which schedule.';
comment on column sales_old.schedule_bits.bits is 'One character for each half-hour of the week: 1 for on, 0 for off.';
create function sales_old.write_bits() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into sales_old.schedule_bits as b (schedule_id, bits) values (new.schedule_id, sales.bits(new.half_hours)::text)
  on conflict (schedule_id) do update set bits = excluded.bits;
  return null;
end
$$;
insert into sales_old.schedule_bits (schedule_id, bits)
select s.schedule_id, sales.bits(s.half_hours)::text from sales.schedules as s;
create trigger write_bits after insert or update of half_hours on sales.schedules
  for each row execute function sales_old.write_bits();
alter table sales.schedules enable always trigger write_bits;

-- What triggers of the new tables do for one row at a time is done here for many at once (`migration.by_set`): deliveries
-- come with their secrets put away, customers with their opening balance.
create or replace trigger number_entry before insert on sales.ledger_entries
  for each row when (current_setting('migration.by_set', true) is distinct from 'on')
  execute function sales.number_entry();
alter table sales.ledger_entries enable always trigger number_entry;
create or replace trigger receive_args before insert or update on sales.order_deliveries
  for each row when (current_setting('migration.by_set', true) is distinct from 'on')
  execute function sales.receive_args();
alter table sales.order_deliveries enable always trigger receive_args;

-- One source of numbers for both sides, the old one: a number that nobody gave is one of a band that no row can have.
do $$
declare
  part record;
begin
  for part in
    values ('customers', 'customer_id'), ('orders', 'order_id')
  loop
    execute format('alter table sales.%I alter column %I restart with 4611686018427387904', part.column1, part.column2);
  end loop;
end
$$;
create function migration.give_id() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_table_name = 'orders' then
    new.order_id := nextval((select s.detail ->> 'orders' from migration.step as s where s.name = 'sequences')::regclass);
  else
    new.customer_id := nextval((select s.detail ->> 'customers' from migration.step as s where s.name = 'sequences')::regclass);
  end if;
  return new;
end
$$;
insert into migration.step (name, detail)
select 'sequences', jsonb_build_object(
  'customers', pg_get_serial_sequence('public.customers', 'customer_id'),
  'orders', pg_get_serial_sequence('public.orders', 'order_id')
);
create trigger a_give_id before insert on sales.customers
  for each row when (new.customer_id >= 4611686018427387904) execute function migration.give_id();
create trigger a_give_id before insert on sales.orders
  for each row when (new.order_id >= 4611686018427387904) execute function migration.give_id();

-- JSON as jsonb; null where it cannot be that. What may fail is tried apart, for to try costs a subtransaction: escapes
-- that may be no character, numbers that may be too large.
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

-- Columns that somebody added to an old table, and that are taken along: see migration.carry.
create table sales_old.carried (
  tab text not null,
  name text not null,
  place integer generated always as identity,
  created_at timestamptz not null default now(),
  updated_at timestamptz,
  primary key (tab, name)
);
comment on table sales_old.carried is 'Columns that were added to the old tables while these were being replaced, and taken along.';
comment on column sales_old.carried.tab is 'The table: customers or orders.';
comment on column sales_old.carried.name is 'The column.';
comment on column sales_old.carried.place is 'In which order they came.';
comment on column sales_old.carried.created_at is 'When the row was made.';
comment on column sales_old.carried.updated_at is 'When it was last changed; null if it never was.';
create trigger touch before update on sales_old.carried for each row execute function sales.touch();

-- Write what a row of such columns became to a row of another table, column by column: one that did not change is left.
-- Rows come as text, of the type of the table or view whose rows they are.
create function sales_old.write_carried(whose regclass, target regclass, the_tab text, the_id bigint, was text, wanted text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  changes text;
begin
  select string_agg(
    format('%1$I = case when w.%1$I::text is distinct from b.%1$I::text then w.%1$I else t.%1$I end', c.name), ', '
  ) into changes
  from sales_old.carried as c where c.tab = the_tab;
  if changes is not null and was is distinct from wanted then
    execute format(
      'update %s as t set %s from (select ($1::%s).*) as b, (select ($2::%3$s).*) as w where t.%I = $3',
      target, changes, whose, rtrim(the_tab, 's') || '_id'
    ) using was, wanted, the_id;
  end if;
end
$$;
comment on function sales_old.write_carried(regclass, regclass, text, bigint, text, text) is 'Writes what columns that were taken along became.';

-- Bring what they say in the old table to rows of the new one.
create function migration.carry_over(the_tab text, ids bigint[]) returns void
language plpgsql
as $$
declare
  found_columns text[] := array(select format('%I', c.name) from sales_old.carried as c where c.tab = the_tab order by c.place);
begin
  if found_columns <> '{}' then
    execute format(
      'update sales.%1$I as n set %2$s from migration.old_%1$s as o where n.%3$I = any($1) and o.%3$I = n.%3$I and (%4$s)',
      the_tab,
      (select string_agg(format('%1$s = o.%1$s', c), ', ') from unnest(found_columns) as c),
      rtrim(the_tab, 's') || '_id',
      (select string_agg(format('n.%1$s::text is distinct from o.%1$s::text', c), ' or ') from unnest(found_columns) as c)
    ) using ids;
  end if;
end
$$;

-- Why the new tables cannot hold a customer, by the rules of the audit that say so: none for one that they can hold.
-- For many at a time: a function that is called for each row costs more than all that it does. Whether a row is there is
-- asked as for a value of it: of an `exists` the server may read all rows of a table beforehand, for one row that it
-- judges. And `offset 0`, so that who asks for the faults twice has them told once.
create function migration.customer_faults(ids bigint[]) returns table (customer_id bigint, faults text[])
language sql stable
as $$
  select c.customer_id, array_remove(array[
    case
      when coalesce(
        sales.says_something(c.customer_name) and sales.says_something(c.customer_email)
          and sales.says_something(c.customer_contact_name) and sales.says_something(c.address)
          and sales.says_something(c.address_state), false
      ) then null
      else 'customers.required_text_is_present'
    end,
    case
      when sales.says_something(c.customer_email) and not sales.is_email(c.customer_email) then 'customers.email_is_valid'
    end,
    case
      when (select k.customer_id from sales.contacts as k where lower(k.email) = lower(c.customer_email)) <> c.customer_id
      then 'customers.email_is_unique'
    end,
    case
      when sales.says_something(c.address_state)
        and (select s.state_code from sales.states as s where s.state_code = c.address_state) is null
      then 'customers.state_is_usps_code'
    end,
    case
      when c.customer_balance is null or c.customer_balance in ('NaN', 'Infinity', '-Infinity') then 'customers.balance_is_finite'
      when c.customer_balance < 0 then 'customers.balance_is_not_negative'
      when c.customer_balance >= 1e16 then 'the balance has more than sixteen digits'
      when c.customer_balance::text::numeric <> round(c.customer_balance::text::numeric, 2) then 'customers.balance_is_whole_cents'
    end
  ], null)
  from migration.old_customers as c
  where c.customer_id = any(ids)
  offset 0
$$;

-- The same of orders. Of those that are made now from another one (`made_now`), or that are in quarantine for that
-- already, the balance must cover them.
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
        select root.is_root from sales.orders as root where root.order_id = o.order_ref and root.customer_id = o.customer_id
      ) then null
      else coalesce(
        (
          select case
              when root.order_ref is distinct from root.order_id and exists (
                with recursive ahead (id) as (
                  select root.order_ref
                  union
                  select a.order_ref from ahead join migration.old_orders as a on a.order_id = ahead.id
                )
                select from ahead where ahead.id = o.order_id
              ) then 'lineage.is_acyclic'
              when root.order_ref is distinct from root.order_id then 'lineage.order_ref_is_first_ancestor'
              when root.customer_id is distinct from o.customer_id then 'lineage.keeps_customer'
              else format('its first ancestor %s is in quarantine', o.order_ref)
            end
          from migration.old_orders as root where root.order_id = o.order_ref
        ),
        'lineage.order_ref_exists'
      )
    end,
    case
      when o.order_status in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated') then null
      else 'orders.status_is_known'
    end,
    case
      when o.order_amount is null then 'there is no amount'
      when o.order_amount < 0 then 'orders.amount_is_not_negative'
    end,
    case when o.order_schedule is null then 'there is no schedule' end,
    case
      when o.order_status = 'active' and o.order_schedule = repeat('0', 336)::bit(336) then 'orders.active_order_has_schedule'
    end,
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
      when o.delivery_script_name = 'custom_crm' and not sales.has_api_key(j.args) then 'orders.custom_crm_has_key'
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

-- What only the new tables know of rows that are in quarantine: times, ledgers, histories, further contacts. They get it
-- back when they return.
create table migration.kept (
  kind text not null,        -- customer or order
  id bigint not null,
  tab text not null,
  line jsonb not null
);
create index kept_kind_id on migration.kept (kind, id);

-- Take customers out of the new tables, with all that is theirs; their orders are out already.
create function migration.remove_customers(ids bigint[]) returns void
language sql
as $$
  insert into migration.kept (kind, id, tab, line)
  select 'customer', c.customer_id, 'customers', to_jsonb(c) from sales.customers as c where c.customer_id = any(ids)
  union all
  select 'customer', e.customer_id, 'ledger_entries', to_jsonb(e)
  from sales.ledger_entries as e where e.customer_id = any(ids)
  union all
  select 'customer', k.customer_id, 'contacts', to_jsonb(k)
  from sales.contacts as k where k.customer_id = any(ids)
  union all
  select 'customer', a.customer_id, 'addresses', to_jsonb(a)
  from sales.addresses as a where a.customer_id = any(ids);
  delete from sales.ledger_entries as e where e.customer_id = any(ids);
  delete from sales.customers as c where c.customer_id = any(ids);
$$;

-- What customers have back once they are in the new tables again; what does not fit any more stays kept.
create function migration.give_back_customers(ids bigint[]) returns void
language plpgsql
as $$
begin
  ids := array(select distinct k.id from migration.kept as k where k.kind = 'customer' and k.id = any(ids));
  if cardinality(ids) = 0 then
    return;
  end if;
  update sales.customers as c
  set created_at = (k.line ->> 'created_at')::timestamptz
  from migration.kept as k
  where k.kind = 'customer' and k.id = any(ids) and k.tab = 'customers' and c.customer_id = k.id;
  -- numbers and balances come out as they were
  insert into sales.ledger_entries (customer_id, amount, reason, created_at)
  select k.id, (k.line ->> 'amount')::numeric, k.line ->> 'reason', (k.line ->> 'created_at')::timestamptz
  from migration.kept as k
  where k.kind = 'customer' and k.id = any(ids) and k.tab = 'ledger_entries'
  order by k.id, (k.line ->> 'entry_number')::bigint;
  with there as (
    insert into sales.contacts (contact_id, customer_id, name, email, phone, is_main, created_at, updated_at)
    select r.contact_id, r.customer_id, r.name, r.email, r.phone, r.is_main, r.created_at, r.updated_at
    from migration.kept as k
    cross join lateral jsonb_populate_record(null::sales.contacts, k.line) as r
    where k.kind = 'customer' and k.id = any(ids) and k.tab = 'contacts'
    on conflict do nothing
    returning contact_id
  )
  delete from migration.kept as k
  using there as t
  where k.kind = 'customer' and k.id = any(ids) and k.tab = 'contacts' and (k.line ->> 'contact_id')::bigint = t.contact_id;
  insert into sales.addresses (address_id, customer_id, street, state_code, is_main, created_at, updated_at)
  select r.address_id, r.customer_id, r.street, r.state_code, r.is_main, r.created_at, r.updated_at
  from migration.kept as k
  cross join lateral jsonb_populate_record(null::sales.addresses, k.line) as r
  where k.kind = 'customer' and k.id = any(ids) and k.tab = 'addresses'
  on conflict do nothing;
  delete from migration.kept as k where k.kind = 'customer' and k.id = any(ids) and k.tab <> 'contacts';
end
$$;

-- Take orders out of the new tables. Those that name them as their first ancestor go into quarantine before.
create function migration.remove_orders(ids bigint[]) returns void
language plpgsql
as $$
begin
  perform migration.set_orders_aside(
    array(
      select o.order_id from sales.orders as o
      where o.first_ancestor_id = any(ids) and o.order_id <> all(ids)
      order by o.order_id
    )
  );
  insert into migration.kept (kind, id, tab, line)
  select 'order', o.order_id, 'orders', to_jsonb(o) from sales.orders as o where o.order_id = any(ids)
  union all
  select 'order', r.order_id, 'recreations', to_jsonb(r) from sales.recreations as r where r.order_id = any(ids)
  union all
  select 'order', h.order_id, 'order_status_changes', to_jsonb(h)
  from sales.order_status_changes as h where h.order_id = any(ids);
  delete from sales.orders as o where o.order_id = any(ids);
end
$$;

-- What orders have back once they are in the new tables again. One that names another first ancestor than before was not
-- recreated when it was made, and has no time.
create function migration.give_back_orders(ids bigint[]) returns void
language plpgsql
as $$
begin
  ids := array(select distinct k.id from migration.kept as k where k.kind = 'order' and k.id = any(ids));
  if cardinality(ids) = 0 then
    return;
  end if;
  insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, balance, amount, created_at)
  select r.order_id, r.first_ancestor_id,
    (
      select p.order_id from sales.orders as p
      where p.order_id = r.predecessor_id and p.first_ancestor_id = r.first_ancestor_id
    ), r.balance, r.amount, r.created_at
  from migration.kept as k
  cross join lateral jsonb_populate_record(null::sales.recreations, k.line) as r
  join sales.orders as o on o.order_id = r.order_id and o.first_ancestor_id = r.first_ancestor_id
  where k.kind = 'order' and k.id = any(ids) and k.tab = 'recreations';
  update sales.orders as o
  set created_at = (k.line ->> 'created_at')::timestamptz
  from migration.kept as k
  where k.kind = 'order' and k.id = any(ids) and k.tab = 'orders' and o.order_id = k.id
    and (o.is_root or exists (select from sales.recreations as r where r.order_id = o.order_id));
  insert into sales.order_status_changes (order_id, change_number, status_before, status_after, created_at)
  select r.order_id, r.change_number, r.status_before, r.status_after, r.created_at
  from migration.kept as k
  cross join lateral jsonb_populate_record(null::sales.order_status_changes, k.line) as r
  where k.kind = 'order' and k.id = any(ids) and k.tab = 'order_status_changes';
  insert into sales.order_status_changes (order_id, change_number, status_before, status_after)
  select o.order_id, (
      select coalesce(max(h.change_number), 0) + 1 from sales.order_status_changes as h where h.order_id = o.order_id
    ), k.line ->> 'order_status', o.order_status
  from migration.kept as k
  join sales.orders as o on o.order_id = k.id
  where k.kind = 'order' and k.id = any(ids) and k.tab = 'orders' and k.line ->> 'order_status' <> o.order_status;
  delete from migration.kept as k where k.kind = 'order' and k.id = any(ids);
end
$$;

-- Put orders into quarantine, and take them out of the new tables. Without reasons, they are told anew.
create function migration.set_orders_aside(ids bigint[], said text default null, made_now bigint[] default '{}')
returns void
language plpgsql
as $$
declare
  again bigint[];
begin
  if cardinality(ids) = 0 then
    return;
  end if;
  perform migration.remove_orders(ids);
  insert into migration.quarantined_order as q (
    order_id, first_ancestor_id, customer_id, old_schedule, old_script_name, old_script_args, amount, order_status, reasons
  )
  select o.order_id, o.order_ref, o.customer_id, o.order_schedule, o.delivery_script_name, o.delivery_script_args,
    o.order_amount, o.order_status,
    case
      when said is not null then array[said]
      when f.faults = '{}' then array[format('its first ancestor %s is not in the new tables', o.order_ref)]
      else f.faults
    end
  from migration.order_faults(ids, made_now) as f
  join migration.old_orders as o on o.order_id = f.order_id
  on conflict (order_id) do update set
    first_ancestor_id = excluded.first_ancestor_id, customer_id = excluded.customer_id,
    old_schedule = excluded.old_schedule, old_script_name = excluded.old_script_name,
    old_script_args = excluded.old_script_args, amount = excluded.amount, order_status = excluded.order_status,
    reasons = excluded.reasons;
  -- whom somebody else brought to the new tables at the same moment is there by now, and is judged anew
  again := array(select o.order_id from sales.orders as o where o.order_id = any(ids) order by o.order_id);
  perform migration.put_orders(again) where again <> '{}';
end
$$;

create function migration.set_customers_aside(ids bigint[], said text default null) returns void
language plpgsql
as $$
begin
  if cardinality(ids) = 0 then
    return;
  end if;
  insert into migration.quarantined_customer as q (
    customer_id, old_name, old_email, old_contact_name, old_phone, old_address, old_state, old_balance, reasons
  )
  select c.customer_id, c.customer_name, c.customer_email, c.customer_contact_name, c.customer_phone, c.address,
    c.address_state, c.customer_balance, case when said is null then f.faults else array[said] end
  from migration.customer_faults(ids) as f
  join migration.old_customers as c on c.customer_id = f.customer_id
  on conflict (customer_id) do update set
    old_name = excluded.old_name, old_email = excluded.old_email, old_contact_name = excluded.old_contact_name,
    old_phone = excluded.old_phone, old_address = excluded.old_address, old_state = excluded.old_state,
    old_balance = excluded.old_balance, reasons = excluded.reasons;
  perform migration.set_orders_aside(
    array(select o.order_id from sales.orders as o where o.customer_id = any(ids) order by o.order_id),
    'its customer is in quarantine'
  );
  perform migration.remove_customers(ids);
end
$$;

-- Bring customers of the old table, as they stand there now, to the new ones: written there, or in quarantine, or gone.
-- `made_now` where an application makes them at this moment, so that the time is known.
create function migration.write_customers(ids bigint[], made_now boolean) returns void
language plpgsql
as $$
declare
  here bigint[] := '{}';
  held bigint[];
  gone bigint[];
  good bigint[];
  bad bigint[];
  fresh bigint[];
  waiting bigint[];
  by_set text;
begin
  -- Those that an application of the new side holds are its to bring together: it will ask for the old row next, and to
  -- wait for it here would be a deadlock.
  held := array(select c.customer_id from sales.customers as c where c.customer_id = any(ids));
  if held <> '{}' then
    here := array(
      select c.customer_id from sales.customers as c where c.customer_id = any(held) order by c.customer_id
      for no key update skip locked
    );
    here := array(
      select h.id from unnest(here) as h (id)
      where h.id not in (
        select k.customer_id from sales.contacts as k where k.customer_id = any(here) and k.is_main
        except all
        select l.customer_id from (
          select k.customer_id from sales.contacts as k where k.customer_id = any(here) and k.is_main
          for no key update skip locked
        ) as l
      ) and h.id not in (
        select a.customer_id from sales.addresses as a where a.customer_id = any(here) and a.is_main
        except all
        select l.customer_id from (
          select a.customer_id from sales.addresses as a where a.customer_id = any(here) and a.is_main
          for no key update skip locked
        ) as l
      )
    );
    held := array(select h.id from unnest(held) as h (id) where h.id <> all(here));
    if held <> '{}' then
      insert into migration.pending (kind, id) select 'customer', h.id from unnest(held) as h (id) on conflict do nothing;
      ids := array(select i.id from unnest(ids) as i (id) where i.id <> all(held));
    end if;
  end if;

  gone := array(
    select i.id from unnest(ids) as i (id)
    where (select c.customer_id from migration.old_customers as c where c.customer_id = i.id) is null
  );
  if cardinality(gone) > 0 then
    perform migration.set_orders_aside(
      array(select o.order_id from sales.orders as o where o.customer_id = any(gone) order by o.order_id)
    );
    perform migration.remove_customers(gone);
    delete from migration.quarantined_customer as q where q.customer_id = any(gone);
    delete from migration.kept as k where k.kind = 'customer' and k.id = any(gone);
  end if;

  -- of two that want one address, the one with the smaller number has it
  select coalesce(array_agg(j.customer_id) filter (where j.good and j.turn = 1), '{}'),
    coalesce(array_agg(j.customer_id) filter (where not j.good), '{}')
  into good, bad
  from (
    select c.customer_id, f.faults = '{}' as good,
      row_number() over (partition by f.faults = '{}', lower(c.customer_email) order by c.customer_id) as turn
    from migration.customer_faults(ids) as f
    join migration.old_customers as c on c.customer_id = f.customer_id
  ) as j;

  -- those that never were here before, with their opening balance
  fresh := array(
    select g.id from unnest(good) as g (id)
    where g.id <> all(here) and not exists (select from migration.kept as k where k.kind = 'customer' and k.id = g.id)
  );
  insert into sales.customers as c (customer_id, name, balance, entry_number, created_at)
  select o.customer_id, o.customer_name, f.balance, case when f.balance = 0 then 0 else 1 end, case when made_now then now() end
  from migration.old_customers as o
  cross join lateral (
    select case when o.customer_id = any(fresh) then o.customer_balance::text::numeric else 0 end as balance
  ) as f
  where o.customer_id = any(good)
  order by o.customer_id
  on conflict (customer_id) do update set name = excluded.name where c.name <> excluded.name;
  by_set := set_config('migration.by_set', 'on', true);
  insert into sales.ledger_entries (
    customer_id, entry_number, balance_before, amount, balance_after, reason, created_at
  )
  select c.customer_id, 1, 0, c.balance, c.balance, 'opening balance', case when made_now then now() end
  from sales.customers as c
  where c.customer_id = any(fresh) and c.entry_number = 1
  order by c.customer_id;
  by_set := set_config('migration.by_set', '', true);
  perform migration.give_back_customers(good) where exists (select from migration.kept);
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
  select o.customer_id, o.customer_balance::text::numeric - c.balance,
    case when c.entry_number = 0 then 'opening balance' else 'old application' end,
    case when c.entry_number > 0 or made_now then now() end
  from migration.old_customers as o
  join sales.customers as c on c.customer_id = o.customer_id
  where o.customer_id = any(good) and o.customer_balance::text::numeric <> c.balance
  order by o.customer_id;
  perform migration.carry_over('customers', good) where exists (select from sales_old.carried);

  -- whoever had to wait for one of them
  delete from migration.quarantined_customer as q where q.customer_id = any(good);
  delete from migration.pending as p where p.kind = 'customer' and p.id = any(good);
  if bad <> '{}' then
    perform migration.set_customers_aside(bad);
  end if;
  if cardinality(good) + cardinality(bad) + cardinality(gone) < cardinality(ids) then
    perform migration.write_customers(
      array(select i.id from unnest(ids) as i (id) where i.id <> all(good || bad || gone) order by 1), made_now
    );
  end if;
  waiting := array(select q.order_id from migration.quarantined_order as q where q.customer_id = any(good) order by 1);
  if waiting <> '{}' then
    perform migration.put_orders(waiting);
  end if;
  set constraints sales.customers_balance_is_in_ledger immediate;
  set constraints sales.customers_balance_is_in_ledger deferred;
end
$$;

-- The short way of one order that was made now and that nothing stands against: with its values in hand, each statement
-- takes a fifth of the time. Says whether it went; where not, nothing was done, and write_orders looks closer.
create function migration.add_order(the_id bigint) returns boolean
language plpgsql
as $$
declare
  made record;
  args jsonb;
  predecessor bigint;
  by_set text;
begin
  select o.order_id, o.customer_id, o.order_ref, o.order_amount, o.order_status, o.delivery_script_name, o.delivery_script_args,
    b.schedule_id, s.checked_as, c.balance
  into made
  from migration.order_faults(array[the_id], array[the_id]) as f
  join migration.old_orders as o on o.order_id = f.order_id
  join sales.customers as c on c.customer_id = o.customer_id
  left join sales_old.schedule_bits as b on b.bits = o.order_schedule::text
  left join sales.delivery_scripts as s on s.script_name = o.delivery_script_name
  where o.order_id = the_id and f.faults = '{}'
    and (b.schedule_id is not null or o.order_schedule = repeat('0', 336)::bit(336))
    and (s.script_name is not null or o.delivery_script_name is null)
    and not exists (select from sales.orders as n where n.order_id = the_id)
    and not exists (select from migration.quarantined_order as q where q.first_ancestor_id = the_id)
    and not exists (select from migration.kept)
    and not exists (select from sales_old.carried);
  if not found then
    return false;
  end if;
  if made.order_ref <> the_id then
    -- what it refers to stays, until this transaction has ended
    perform from sales.orders as r
    where r.order_id = made.order_ref and r.customer_id = made.customer_id and r.is_root
    for key share;
    if not found then
      return false;
    end if;
    select p.order_id into predecessor
    from sales.orders as p
    where (p.first_ancestor_id, p.order_id) < (made.order_ref, the_id) and (p.first_ancestor_id, p.order_id) >= (made.order_ref, -2147483648)
    order by p.first_ancestor_id desc, p.order_id desc
    limit 1
    for key share;
  end if;

  insert into sales.orders (order_id, customer_id, first_ancestor_id, schedule_id, amount, order_status, created_at)
  values (the_id, made.customer_id, made.order_ref, made.schedule_id, made.order_amount, made.order_status, now());
  if made.order_ref <> the_id then
    insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, balance, amount)
    values (the_id, made.order_ref, predecessor, made.balance, made.order_amount);
  end if;
  if made.delivery_script_args is not null then
    insert into sales_private.delivery_originals (order_id, args_text) values (the_id, made.delivery_script_args::text);
  end if;
  if made.delivery_script_name is not null then
    args := nullif(made.delivery_script_args::jsonb, 'null');
    if sales.holds_secret(args) then
      args := sales_private.put_away(the_id, args);
    end if;
    by_set := set_config('migration.by_set', 'on', true);
    insert into sales.order_deliveries (order_id, script_name, checked_as, args, created_at)
    values (the_id, made.delivery_script_name, made.checked_as, args, now());
    by_set := set_config('migration.by_set', '', true);
  end if;
  return true;
end
$$;

create function migration.write_orders(ids bigint[], made_now boolean) returns void
language plpgsql
as $$
declare
  here bigint[];
  held bigint[];
  gone bigint[];
  good bigint[];
  bad bigint[];
  moved bigint[] := '{}';
  waiting bigint[];
  first_of bigint[]; -- those that name themselves as their first ancestor
  others bigint[];
  part bigint[];
  fresh bigint[] := '{}'; -- made now
  roots boolean;
  unknown_schedule boolean;
  unknown_script boolean;
  any_kept boolean;
  any_carried boolean;
  by_set text;
begin
  if made_now and cardinality(ids) = 1 and migration.add_order(ids[1]) then
    return;
  end if;
  here := array(select o.order_id from sales.orders as o where o.order_id = any(ids));
  if here <> '{}' then
    -- as with customers
    held := here;
    here := array(
      select o.order_id from sales.orders as o where o.order_id = any(held) order by o.order_id
      for no key update skip locked
    );
    here := array(
      select h.id from unnest(here) as h (id)
      where h.id not in (
        select d.order_id from sales.order_deliveries as d where d.order_id = any(here)
        except all
        select l.order_id from (
          select d.order_id from sales.order_deliveries as d where d.order_id = any(here) for no key update skip locked
        ) as l
      )
    );
    held := array(select h.id from unnest(held) as h (id) where h.id <> all(here));
    if held <> '{}' then
      insert into migration.pending (kind, id) select 'order', h.id from unnest(held) as h (id) on conflict do nothing;
      ids := array(select i.id from unnest(ids) as i (id) where i.id <> all(held));
    end if;
  end if;

  select coalesce(array_agg(o.order_id) filter (where o.order_ref = o.order_id), '{}'),
    coalesce(array_agg(o.order_id) filter (where o.order_ref is distinct from o.order_id), '{}')
  into first_of, others
  from migration.old_orders as o where o.order_id = any(ids);
  if cardinality(first_of) + cardinality(others) < cardinality(ids) then
    gone := array(select i.id from unnest(ids) as i (id) except select i.id from unnest(first_of || others) as i (id));
    perform migration.remove_orders(gone);
    delete from migration.quarantined_order as q where q.order_id = any(gone);
    delete from migration.kept as k where k.kind = 'order' and k.id = any(gone);
  end if;

  -- Those that others name as their first ancestor, and that cannot be that any more.
  if here <> '{}' then
    moved := array(
      select n.order_id
      from sales.orders as n
      join migration.old_orders as o on o.order_id = n.order_id
      where n.order_id = any(here) and n.is_root
        and (o.order_ref is distinct from o.order_id or o.customer_id is distinct from n.customer_id)
    );
  end if;
  if moved <> '{}' then
    waiting := array(
      select n.order_id from sales.orders as n
      where n.first_ancestor_id = any(moved) and n.order_id <> n.first_ancestor_id
      order by n.order_id
    );
    perform migration.set_orders_aside(waiting, 'its first ancestor was changed');
  end if;

  select bool_or(
      o.order_schedule <> repeat('0', 336)::bit(336)
      and not exists (select from sales_old.schedule_bits as b where b.bits = o.order_schedule::text)
    ), bool_or(not exists (select from sales.delivery_scripts as s where s.script_name = o.delivery_script_name))
  into unknown_schedule, unknown_script
  from migration.old_orders as o
  where o.order_id = any(ids);
  if unknown_schedule then
    insert into sales.schedules (half_hours)
    select sales.half_hours(s.bits)
    from (
      select distinct o.order_schedule as bits from migration.old_orders as o
      where o.order_id = any(ids) and o.order_schedule <> repeat('0', 336)::bit(336)
    ) as s
    where not exists (select from sales_old.schedule_bits as b where b.bits = s.bits::text)
    order by s.bits
    on conflict do nothing;
  end if;
  if unknown_script then
    insert into sales.delivery_scripts (script_name)
    select distinct o.delivery_script_name from migration.old_orders as o
    where o.order_id = any(ids) and o.delivery_script_name ~ '^[a-z][a-z0-9_]*$'
      and not exists (select from sales.delivery_scripts as s where s.script_name = o.delivery_script_name)
    order by o.delivery_script_name
    on conflict do nothing;
  end if;
  select exists (select from migration.kept), exists (select from sales_old.carried) into any_kept, any_carried;

  -- first those that others of them may name
  foreach roots in array array[true, false] loop
    part := case when roots then first_of else others end;
    continue when part = '{}';
    if made_now then
      fresh := part;
      if here <> '{}' then
        fresh := array(select i.id from unnest(part) as i (id) where i.id <> all(here));
      end if;
    end if;
    select coalesce(array_agg(f.order_id) filter (where f.faults = '{}'), '{}'),
      coalesce(array_agg(f.order_id) filter (where f.faults <> '{}'), '{}')
    into good, bad
    from migration.order_faults(part, fresh) as f;
    if bad <> '{}' then
      perform migration.set_orders_aside(bad, null, fresh);
    end if;
    continue when good = '{}';

    insert into sales.orders as n (
      order_id, customer_id, first_ancestor_id, schedule_id, amount, order_status, created_at
    )
    select o.order_id, o.customer_id, o.order_ref, b.schedule_id, o.order_amount, o.order_status,
      case when made_now then now() end
    from migration.old_orders as o
    left join sales_old.schedule_bits as b on b.bits = o.order_schedule::text
    where o.order_id = any(good)
    order by o.order_id
    on conflict (order_id) do update
    set customer_id = excluded.customer_id, first_ancestor_id = excluded.first_ancestor_id,
      schedule_id = excluded.schedule_id, amount = excluded.amount, order_status = excluded.order_status,
      -- one that names another first ancestor now was not recreated when it was made
      created_at = case when n.first_ancestor_id = excluded.first_ancestor_id then n.created_at end
    where (n.customer_id, n.first_ancestor_id, n.schedule_id, n.amount, n.order_status) is distinct from
      (excluded.customer_id, excluded.first_ancestor_id, excluded.schedule_id, excluded.amount, excluded.order_status);
    if any_carried then
      perform migration.carry_over('orders', good);
    end if;
    if any_kept then
      perform migration.give_back_orders(good);
    end if;
    if made_now and not roots then
      insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, balance, amount)
      select n.order_id, n.first_ancestor_id, case when p.first_ancestor_id = n.first_ancestor_id then p.order_id end,
        c.balance, n.amount
      from (
        select o.order_id, o.first_ancestor_id, o.customer_id, o.recreation_id, o.amount
        from sales.orders as o where o.order_id = any(good)
        -- by its number, and not one of all recreations there are
        offset 0
      ) as n
      join sales.customers as c on c.customer_id = n.customer_id
      -- The one before it, in the order of an index: that of its lineage, if there is one. A condition that names the lineage
      -- might have all orders before it looked through by their numbers.
      left join lateral (
        select l.first_ancestor_id, l.order_id from sales.orders as l
        where (l.first_ancestor_id, l.order_id) < (n.first_ancestor_id, n.order_id)
        order by l.first_ancestor_id desc, l.order_id desc
        limit 1
        -- it stays, until this transaction has ended
        for key share
      ) as p on true
      where n.recreation_id is not null
      on conflict do nothing;
    end if;

    -- The original first: what is given in other letters and means the same is left as it is.
    if here <> '{}' then
      delete from sales.order_deliveries as d
      using migration.old_orders as o
      where d.order_id = any(good) and o.order_id = d.order_id and o.delivery_script_name is null;
      delete from sales_private.delivery_originals as t
      using migration.old_orders as o
      where t.order_id = any(good) and o.order_id = t.order_id and o.delivery_script_args is null;
    end if;
    insert into sales_private.delivery_originals as t (order_id, args_text)
    select o.order_id, o.delivery_script_args::text
    from migration.old_orders as o
    where o.order_id = any(good) and o.delivery_script_args is not null
    order by o.order_id
    on conflict (order_id) do update set args_text = excluded.args_text where t.args_text <> excluded.args_text;
    -- of orders that are new here at once: what receive_args does for one after another
    by_set := set_config('migration.by_set', 'on', true);
    insert into sales.order_deliveries (order_id, script_name, checked_as, args, created_at)
    select o.order_id, o.delivery_script_name, s.checked_as,
      case when sales.holds_secret(j.args) then sales_private.put_away(o.order_id, j.args) else j.args end,
      case when made_now then now() end
    from migration.old_orders as o
    join sales.delivery_scripts as s on s.script_name = o.delivery_script_name
    cross join lateral (select nullif(o.delivery_script_args::jsonb, 'null') as args offset 0) as j
    where o.order_id = any(good) and o.order_id <> all(here)
    order by o.order_id;
    by_set := set_config('migration.by_set', '', true);
    -- and of the others, where they mean something else
    if here <> '{}' then
      insert into sales.order_deliveries as d (order_id, script_name, args, created_at)
      select o.order_id, o.delivery_script_name, nullif(o.delivery_script_args::jsonb, 'null'), case when made_now then now() end
      from migration.old_orders as o
      left join sales.order_deliveries as e on e.order_id = o.order_id
      where o.order_id = any(good) and o.order_id = any(here) and o.delivery_script_name is not null
        and (
          e.order_id is null or e.script_name <> o.delivery_script_name
          or sales_private.with_secrets(e.order_id, e.args)::jsonb is distinct from nullif(o.delivery_script_args::jsonb, 'null')
        )
      order by o.order_id
      on conflict (order_id) do update set script_name = excluded.script_name, args = excluded.args;
      -- JSON that says null, which is no arguments, and went when they did
      insert into sales_private.delivery_originals (order_id, args_text)
      select o.order_id, o.delivery_script_args::text
      from migration.old_orders as o
      where o.order_id = any(good) and json_typeof(o.delivery_script_args) = 'null'
      on conflict do nothing;
    end if;

    -- a row that was not there before is in neither
    if here <> '{}' or not made_now then
      delete from migration.quarantined_order as q where q.order_id = any(good);
      delete from migration.pending as p where p.kind = 'order' and p.id = any(good);
    end if;
    -- What is wrong is to be known here, and not when the application commits; and what is looked for then should be found
    -- as it is here, by indexes. Names that are not needed would cost as much as the row: orders that are new here are their
    -- own first ancestors, or were made of one that is held.
    if here <> '{}' or any_kept then
      set constraints sales.orders_first_ancestor_is_root, sales.orders_recreation_is_written_down,
        sales.recreations_order, sales.recreations_predecessor immediate;
      set constraints sales.orders_first_ancestor_is_root, sales.orders_recreation_is_written_down,
        sales.recreations_order, sales.recreations_predecessor deferred;
    elsif not roots then
      set constraints sales.orders_first_ancestor_is_root, sales.orders_recreation_is_written_down immediate;
      set constraints sales.orders_first_ancestor_is_root, sales.orders_recreation_is_written_down deferred;
    end if;

    -- whoever had to wait for one of them
    if roots then
      waiting := waiting || array(
        select q.order_id::bigint from migration.quarantined_order as q
        where q.first_ancestor_id = any(good) and q.order_id <> all(ids)
      );
    end if;
  end loop;
  if cardinality(waiting) > 0 then
    perform migration.put_orders(array(select distinct w.id from unnest(waiting) as w (id) order by w.id));
  end if;
end
$$;

-- The same for any rows: all at once, and where one of them cannot be written for a reason that nothing above knows, one
-- by one, that one in quarantine with what the server said. An application never gets an error from here, but for those
-- that ask it to try again.
create function migration.put_customers(ids bigint[], made_now boolean default false) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set jit = off
-- a batch is small, the tables are not, whatever the server believed of them when they were empty
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_new'
as $$
declare
  one bigint;
begin
  for again in 1 .. 2 loop
    begin
      perform migration.write_customers(ids, made_now);
      return;
    exception
      when integrity_constraint_violation or data_exception or program_limit_exceeded or raise_exception then
        exit when cardinality(ids) > 1;
        -- somebody else brought the same row at the same moment: now that it is there, it is another matter
        if again = 2 or sqlstate <> '23505' then
          perform migration.set_customers_aside(ids, sqlerrm);
          return;
        end if;
    end;
  end loop;
  foreach one in array ids loop
    perform migration.put_customers(array[one], made_now);
  end loop;
end
$$;

create function migration.put_orders(ids bigint[], made_now boolean default false) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
-- as above
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_new'
as $$
declare
  one bigint;
begin
  for again in 1 .. 2 loop
    begin
      perform migration.write_orders(ids, made_now);
      return;
    exception
      when integrity_constraint_violation or data_exception or program_limit_exceeded or raise_exception then
        exit when cardinality(ids) > 1;
        -- somebody else brought the same row at the same moment: now that it is there, it is another matter
        if again = 2 or sqlstate <> '23505' then
          perform migration.set_orders_aside(ids, sqlerrm);
          return;
        end if;
    end;
  end loop;
  foreach one in array ids loop
    perform migration.put_orders(array[one], made_now);
  end loop;
end
$$;

-- Sums of binary fractions drift: 0.1 + 0.2 is 0.30000000000000004, which the new tables cannot hold, and the customer would
-- be in quarantine for it. What is less than a millionth of a dollar away from whole cents is written as those.
create function migration.round_drift() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
declare
  cents float8;
begin
  if abs(new.customer_balance) < 1e13 then
    cents := round(new.customer_balance::text::numeric, 2)::text::float8;
    if cents <> new.customer_balance and abs(cents - new.customer_balance) < 0.000001 then
      new.customer_balance := cents;
    end if;
  end if;
  return new;
end
$$;

-- What the triggers on the old tables do. What happens all the time, and can do no harm, goes a short way: a balance or a
-- telephone number alone, a status or an amount alone, of a row that the new tables have and that nobody holds there.
create function migration.customers_written() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set jit = off
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_new'
as $$
declare
  quick bigint[];
  called bigint[];
  reached bigint[];
begin
  if tg_op = 'INSERT' then
    perform migration.put_customers(array(select n.customer_id::bigint from new_rows as n order by 1), true);
  elsif tg_op = 'UPDATE' then
    quick := array(
      select c.customer_id
      from new_rows as n
      join old_rows as o on o.customer_id = n.customer_id
      join sales.customers as c on c.customer_id = n.customer_id
      where (n.customer_name, n.customer_email, n.customer_contact_name, n.address, n.address_state)
          = (o.customer_name, o.customer_email, o.customer_contact_name, o.address, o.address_state)
        and (n.customer_phone is not distinct from o.customer_phone or coalesce(char_length(n.customer_phone), 0) <= 20)
        and n.customer_balance >= 0 and n.customer_balance < 1e13
        and n.customer_balance::text::numeric = round(n.customer_balance::text::numeric, 2)
        and not exists (select from migration.pending as p where p.kind = 'customer' and p.id = n.customer_id)
        and not exists (select from sales_old.carried)
      order by c.customer_id
      for no key update of c skip locked
    );
    called := array(
      select n.customer_id
      from new_rows as n
      join old_rows as o on o.customer_id = n.customer_id
      where n.customer_id = any(quick) and n.customer_phone is distinct from o.customer_phone
    );
    if called <> '{}' then
      reached := array(
        select k.customer_id from sales.contacts as k
        where k.customer_id = any(called) and k.is_main
        for no key update skip locked
      );
      update sales.contacts as k
      set phone = n.customer_phone
      from new_rows as n
      where k.customer_id = any(reached) and k.is_main and n.customer_id = k.customer_id
        and k.phone is distinct from n.customer_phone;
      if cardinality(reached) < cardinality(called) then
        quick := array(select q.id from unnest(quick) as q (id) where q.id <> all(called) or q.id = any(reached));
      end if;
    end if;
    if quick <> '{}' then
      insert into sales.ledger_entries (customer_id, amount, reason)
      select c.customer_id, n.customer_balance::text::numeric - c.balance, 'old application'
      from sales.customers as c
      join new_rows as n on n.customer_id = c.customer_id
      where c.customer_id = any(quick) and n.customer_balance::text::numeric <> c.balance
      order by c.customer_id;
    end if;
    -- with none of them left, each had the number that it has
    if exists (select from new_rows as n where n.customer_id <> all(quick)) then
      perform migration.put_customers(array(
        select i.customer_id::bigint
        from (select n.customer_id from new_rows as n union select o.customer_id from old_rows as o) as i
        where i.customer_id <> all(quick) order by 1
      ));
    end if;
  elsif tg_op = 'DELETE' then
    perform migration.put_customers(array(select o.customer_id::bigint from old_rows as o order by 1));
  else
    perform migration.put_customers(array(
      select c.customer_id from sales.customers as c union select q.customer_id from migration.quarantined_customer as q
    ));
  end if;
  return null;
end
$$;
create function migration.orders_written() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_new'
as $$
declare
  quick bigint[];
begin
  if tg_op = 'INSERT' then
    perform migration.put_orders(array(select n.order_id::bigint from new_rows as n order by 1), true);
  elsif tg_op = 'UPDATE' then
    quick := array(
      select s.order_id
      from new_rows as n
      join old_rows as o on o.order_id = n.order_id
      join sales.orders as s on s.order_id = n.order_id
      where (n.order_ref, n.customer_id, n.order_schedule) = (o.order_ref, o.customer_id, o.order_schedule)
        and n.delivery_script_name is not distinct from o.delivery_script_name
        and n.delivery_script_args::text is not distinct from o.delivery_script_args::text
        and n.order_amount >= 0
        and n.order_status in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated')
        and (n.order_status <> 'active' or s.schedule_id is not null)
        and not exists (select from migration.pending as p where p.kind = 'order' and p.id = n.order_id)
        and not exists (select from sales_old.carried)
      order by s.order_id
      for no key update of s skip locked
    );
    if cardinality(quick) > 0 then
      update sales.orders as s
      set amount = n.order_amount, order_status = n.order_status
      from new_rows as n
      where s.order_id = any(quick) and n.order_id = s.order_id
        and (s.amount, s.order_status) is distinct from (n.order_amount, n.order_status);
    end if;
    -- as above
    if exists (select from new_rows as n where n.order_id <> all(quick)) then
      perform migration.put_orders(array(
        select i.order_id::bigint
        from (select n.order_id from new_rows as n union select o.order_id from old_rows as o) as i
        where i.order_id <> all(quick) order by 1
      ));
    end if;
  elsif tg_op = 'DELETE' then
    perform migration.put_orders(array(select o.order_id::bigint from old_rows as o order by 1));
  else
    perform migration.put_orders(array(
      select o.order_id from sales.orders as o union select q.order_id from migration.quarantined_order as q
    ));
  end if;
  return null;
end
$$;

-- The other way: what applications of the new side write. Column by column, for an application of the old side may have
-- changed others of the same row meanwhile. With the balance goes the difference, for the same reason.
create function migration.customer_to_old() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set extra_float_digits = 1
set migration.direction = 'to_old'
as $$
declare
  left_over float8;
begin
  if tg_op = 'INSERT' then
    -- contact and address come after it; where a constraint of the old table asks for them, the row comes with them
    begin
      insert into migration.old_customers (
        customer_id, customer_name, customer_email, customer_contact_name, customer_phone, address, address_state,
        customer_balance
      )
      values (new.customer_id, new.name, '', '', null, '', '', new.balance::text::float8);
    exception
      when check_violation then
        insert into migration.pending (kind, id) values ('incomplete customer', new.customer_id);
    end;
    perform sales_old.write_carried(tg_relid, 'migration.old_customers', 'customers', new.customer_id, null, new::text)
    where exists (select from sales_old.carried);
  elsif tg_op = 'DELETE' then
    delete from migration.old_customers as o where o.customer_id = old.customer_id;
  elsif new.customer_id <> old.customer_id then
    raise feature_not_supported using message = 'the number of a customer stays while both schemas are in use';
  else
    update migration.old_customers as o
    set customer_name = case when new.name <> old.name then new.name else o.customer_name end,
      customer_balance = case
        when new.balance = old.balance then o.customer_balance
        else (o.customer_balance::text::numeric + (new.balance - old.balance))::text::float8
      end
    where o.customer_id = new.customer_id
    returning o.customer_balance into left_over;
    -- an application of the old side spent it at the same moment
    if left_over < 0 and new.balance < old.balance then
      raise serialization_failure using message = 'could not serialize access due to concurrent update';
    end if;
    perform sales_old.write_carried(tg_relid, 'migration.old_customers', 'customers', new.customer_id, old::text, new::text)
    where exists (select from sales_old.carried);
    -- a new balance comes before its ledger entry, which settles
    if new.entry_number = old.entry_number then
      perform migration.settle('customer', new.customer_id);
    end if;
  end if;
  return null;
end
$$;
-- Customers that the old table does not take without contact and address, and orders that it does not take without their
-- delivery, for fixes left constraints on it: once they have them. At the end of the transaction as they are, so that
-- whoever wrote them hears what the old table says.
create function migration.complete_customer(whose bigint, at_last boolean default false) returns void
language plpgsql
as $$
begin
  if not exists (select from migration.pending as p where p.kind = 'incomplete customer' and p.id = whose) then
    return;
  end if;
  insert into migration.old_customers (
    customer_id, customer_name, customer_email, customer_contact_name, customer_phone, address, address_state,
    customer_balance
  )
  select c.customer_id, c.name, coalesce(k.email, ''), coalesce(k.name, ''), k.phone, coalesce(a.street, ''),
    coalesce(a.state_code, ''), c.balance::text::float8
  from sales.customers as c
  left join sales.contacts as k on k.customer_id = c.customer_id and k.is_main
  left join sales.addresses as a on a.customer_id = c.customer_id and a.is_main
  where c.customer_id = whose and (at_last or (k.customer_id is not null and a.customer_id is not null));
  if found or at_last then
    delete from migration.pending as p where p.kind = 'incomplete customer' and p.id = whose;
    perform sales_old.write_carried('sales.customers', 'migration.old_customers', 'customers', whose, null, c::text)
    from sales.customers as c
    where c.customer_id = whose and exists (select from sales_old.carried);
  end if;
end
$$;
create function migration.complete_order(whose bigint, at_last boolean default false) returns void
language plpgsql
as $$
begin
  if not exists (select from migration.pending as p where p.kind = 'incomplete order' and p.id = whose) then
    return;
  end if;
  insert into migration.old_orders (
    order_id, order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args, order_amount, order_status
  )
  select n.order_id, n.first_ancestor_id, n.customer_id, coalesce(b.bits::bit(336), repeat('0', 336)::bit(336)),
    d.script_name, t.args_text::json, n.amount, n.order_status
  from sales.orders as n
  left join sales_old.schedule_bits as b on b.schedule_id = n.schedule_id
  left join sales.order_deliveries as d on d.order_id = n.order_id
  left join sales_private.delivery_originals as t on t.order_id = n.order_id
  where n.order_id = whose and (at_last or d.order_id is not null);
  if found or at_last then
    delete from migration.pending as p where p.kind = 'incomplete order' and p.id = whose;
    perform sales_old.write_carried('sales.orders', 'migration.old_orders', 'orders', whose, null, n::text)
    from sales.orders as n
    where n.order_id = whose and exists (select from sales_old.carried);
  end if;
end
$$;
create function migration.complete() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set migration.direction = 'to_old'
as $$
begin
  if tg_table_name = 'customers' then
    perform migration.complete_customer(new.customer_id, true);
  else
    perform migration.complete_order(new.order_id, true);
  end if;
  return null;
end
$$;
create function migration.entry_settles() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
begin
  perform migration.settle('customer', new.customer_id);
  return null;
end
$$;
create function migration.contact_to_old() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_old'
as $$
declare
  whose bigint := case when tg_op = 'DELETE' then old.customer_id else new.customer_id end;
begin
  update migration.old_customers as o
  set customer_contact_name = coalesce(k.name, ''), customer_email = coalesce(k.email, ''), customer_phone = k.phone
  from (select whose as id) as w
  left join sales.contacts as k on k.customer_id = w.id and k.is_main
  where o.customer_id = w.id
    and (o.customer_contact_name, o.customer_email, o.customer_phone) is distinct from
      (coalesce(k.name, ''), coalesce(k.email, ''), k.phone);
  perform migration.complete_customer(whose);
  perform migration.settle('customer', whose);
  return null;
end
$$;
create function migration.address_to_old() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_old'
as $$
declare
  whose bigint := case when tg_op = 'DELETE' then old.customer_id else new.customer_id end;
begin
  update migration.old_customers as o
  set address = coalesce(a.street, ''), address_state = coalesce(a.state_code, '')
  from (select whose as id) as w
  left join sales.addresses as a on a.customer_id = w.id and a.is_main
  where o.customer_id = w.id
    and (o.address, o.address_state) is distinct from (coalesce(a.street, ''), coalesce(a.state_code, ''));
  perform migration.complete_customer(whose);
  perform migration.settle('customer', whose);
  return null;
end
$$;
create function migration.order_to_old() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_old'
as $$
begin
  if tg_op = 'INSERT' then
    -- its delivery comes after it, as contact and address of a customer
    begin
      insert into migration.old_orders (order_id, order_ref, customer_id, order_schedule, order_amount, order_status)
      values (
        new.order_id, new.first_ancestor_id, new.customer_id,
        coalesce(
          (select b.bits::bit(336) from sales_old.schedule_bits as b where b.schedule_id = new.schedule_id),
          repeat('0', 336)::bit(336)
        ),
        new.amount, new.order_status
      );
    exception
      when check_violation then
        insert into migration.pending (kind, id) values ('incomplete order', new.order_id);
    end;
    perform sales_old.write_carried(tg_relid, 'migration.old_orders', 'orders', new.order_id, null, new::text)
    where exists (select from sales_old.carried);
  elsif tg_op = 'DELETE' then
    delete from migration.old_orders as o where o.order_id = old.order_id;
  elsif new.order_id <> old.order_id then
    raise feature_not_supported using message = 'the number of an order stays while both schemas are in use';
  else
    update migration.old_orders as o
    set order_ref = case when new.first_ancestor_id <> old.first_ancestor_id then new.first_ancestor_id else o.order_ref end,
      customer_id = case when new.customer_id <> old.customer_id then new.customer_id else o.customer_id end,
      order_schedule = case
        when new.schedule_id is not distinct from old.schedule_id then o.order_schedule
        else coalesce(
          (select b.bits::bit(336) from sales_old.schedule_bits as b where b.schedule_id = new.schedule_id),
          repeat('0', 336)::bit(336)
        )
      end,
      order_amount = case when new.amount <> old.amount then new.amount else o.order_amount end,
      order_status = case when new.order_status <> old.order_status then new.order_status else o.order_status end
    where o.order_id = new.order_id;
    perform sales_old.write_carried(tg_relid, 'migration.old_orders', 'orders', new.order_id, old::text, new::text)
    where exists (select from sales_old.carried);
    perform migration.settle('order', new.order_id);
  end if;
  return null;
end
$$;
create function migration.delivery_to_old() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_old'
as $$
declare
  whose bigint := case when tg_op = 'DELETE' then old.order_id else new.order_id end;
begin
  update migration.old_orders as o
  set delivery_script_name = d.script_name,
    delivery_script_args = case
      when o.delivery_script_args::text is not distinct from t.args_text then o.delivery_script_args else t.args_text::json
    end
  from (select whose as id) as w
  left join sales.order_deliveries as d on d.order_id = w.id
  left join sales_private.delivery_originals as t on t.order_id = w.id
  where o.order_id = w.id;
  perform migration.complete_order(whose);
  perform migration.settle('order', whose);
  return null;
end
$$;
-- Schedules are shared: one that is changed is changed for all that have it.
create function migration.schedule_to_old() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set migration.direction = 'to_old'
as $$
begin
  update migration.old_orders as o
  set order_schedule = sales.bits(new.half_hours)
  where o.order_id in (select n.order_id from sales.orders as n where n.schedule_id = new.schedule_id);
  return null;
end
$$;

-- Bring what an application of the old side left for us.
create function migration.settle(what text, the_id bigint) returns void
language plpgsql
as $$
begin
  if exists (select from migration.pending as p where p.kind = what and p.id = the_id) then
    if what = 'order' then
      perform migration.put_orders(array[the_id]);
    else
      perform migration.put_customers(array[the_id]);
    end if;
  end if;
end
$$;

-- The nightly jobs of both sides meet on the old row, which alone the old one holds.
create or replace function sales.hold_customer(the_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from sales.customers as c where c.customer_id = the_id for no key update;
  perform from migration.old_customers as o where o.customer_id = the_id for no key update;
  perform migration.settle('customer', the_id);
end
$$;

do $$
declare
  part record;
begin
  for part in
    values ('sales.customers', 'customer_to_old'), ('sales.contacts', 'contact_to_old'),
      ('sales.addresses', 'address_to_old'), ('sales.orders', 'order_to_old'), ('sales.order_deliveries', 'delivery_to_old')
  loop
    execute format(
      'create trigger to_old after insert or update or delete on %s for each row'
        ' when (current_setting(''migration.direction'', true) is distinct from ''to_new'')'
        ' execute function migration.%I()',
      part.column1, part.column2
    );
    execute format('alter table %s enable always trigger to_old', part.column1);
  end loop;
end
$$;
create constraint trigger to_old_complete after insert on sales.customers deferrable initially deferred for each row
  when (current_setting('migration.direction', true) is distinct from 'to_new') execute function migration.complete();
alter table sales.customers enable always trigger to_old_complete;
create constraint trigger to_old_complete after insert on sales.orders deferrable initially deferred for each row
  when (current_setting('migration.direction', true) is distinct from 'to_new') execute function migration.complete();
alter table sales.orders enable always trigger to_old_complete;
create trigger to_old after insert on sales.ledger_entries for each row
  when (current_setting('migration.direction', true) is distinct from 'to_new') execute function migration.entry_settles();
alter table sales.ledger_entries enable always trigger to_old;
create trigger z_to_old after update of half_hours on sales.schedules
  for each row when (old.half_hours <> new.half_hours) execute function migration.schedule_to_old();

-- What old applications read once they are switched, and may read before. Each reads one table and asks others for single
-- values, so that SELECT ... FOR UPDATE holds the row, and reads it afresh once it has it.
create view sales_old.customers as
  select r.customer_id::integer as customer_id,
    case when r.tableoid = 'sales.customers'::regclass then r.name
      else (select q.old_name from migration.quarantined_customer as q where q.customer_id = r.customer_id) end as customer_name,
    case when r.tableoid = 'sales.customers'::regclass
      then coalesce((select k.email from sales.contacts as k where k.customer_id = r.customer_id and k.is_main), '')
      else (select q.old_email from migration.quarantined_customer as q where q.customer_id = r.customer_id) end as customer_email,
    (case when r.tableoid = 'sales.customers'::regclass
      then coalesce((select k.name from sales.contacts as k where k.customer_id = r.customer_id and k.is_main), '')
      else (select q.old_contact_name from migration.quarantined_customer as q where q.customer_id = r.customer_id)
    end)::varchar(100) as customer_contact_name,
    (case when r.tableoid = 'sales.customers'::regclass
      then (select k.phone from sales.contacts as k where k.customer_id = r.customer_id and k.is_main)
      else (select q.old_phone from migration.quarantined_customer as q where q.customer_id = r.customer_id)
    end)::varchar(20) as customer_phone,
    case when r.tableoid = 'sales.customers'::regclass
      then coalesce((select a.street from sales.addresses as a where a.customer_id = r.customer_id and a.is_main), '')
      else (select q.old_address from migration.quarantined_customer as q where q.customer_id = r.customer_id) end as address,
    case when r.tableoid = 'sales.customers'::regclass
      then coalesce((select a.state_code from sales.addresses as a where a.customer_id = r.customer_id and a.is_main), '')
      else (select q.old_state from migration.quarantined_customer as q where q.customer_id = r.customer_id) end as address_state,
    case when r.tableoid = 'sales.customers'::regclass then r.balance::text::float8
      else (select q.old_balance from migration.quarantined_customer as q where q.customer_id = r.customer_id) end as customer_balance
  from migration.customer_row as r;
comment on view sales_old.customers is 'Customers as old applications know them.';

-- What applications look for by a condition is one column for rows of both kinds, so that an index finds it.
create view sales_old.orders as
  select r.order_id::integer as order_id,
    r.first_ancestor_id::integer as order_ref,
    r.customer_id::integer as customer_id,
    (case when r.tableoid = 'sales.orders'::regclass
      then coalesce(
        (select b.bits from sales_old.schedule_bits as b where b.schedule_id = r.schedule_id)::bit(336),
        repeat('0', 336)::bit(336)
      )
      else (select q.old_schedule from migration.quarantined_order as q where q.order_id = r.order_id)
    end)::bit(336) as order_schedule,
    case when r.tableoid = 'sales.orders'::regclass
      then (select d.script_name from sales.order_deliveries as d where d.order_id = r.order_id)
      else (select q.old_script_name from migration.quarantined_order as q where q.order_id = r.order_id)
    end as delivery_script_name,
    case when r.tableoid = 'sales.orders'::regclass
      then (select t.args_text from sales_private.delivery_originals as t where t.order_id = r.order_id)::json
      else (select q.old_script_args from migration.quarantined_order as q where q.order_id = r.order_id)
    end as delivery_script_args,
    r.amount::integer as order_amount,
    r.order_status
  from migration.order_row as r;
comment on view sales_old.orders is 'Orders as old applications know them.';

-- A view has no defaults of its own.
do $$
declare
  part record;
begin
  for part in
    select c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid) as words
    from pg_catalog.pg_class as c
    join pg_catalog.pg_attrdef as d on d.adrelid = c.oid
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum = d.adnum
    join pg_catalog.pg_attribute as v on v.attrelid = to_regclass('sales_old.' || c.relname) and v.attname = a.attname
    where c.oid in ('public.customers'::regclass, 'public.orders'::regclass) and a.attgenerated = ''
  loop
    execute format('alter view sales_old.%I alter column %I set default %s', part.relname, part.attname, part.words);
  end loop;
end
$$;

-- Writes through the views go to the old tables, as long as those are there: with their checks and defaults, and from there
-- to the new ones. The row of the new table is held first, as whoever asks for it FOR UPDATE does. A server asks no
-- condition again when it has waited for a row of a view, so it is done here: a value that somebody else changed since the
-- statement began is not written over. Of the balance, the difference goes on top, unless that would leave less than nothing
-- where the statement meant to leave something.
create function sales_old.write_customer() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
declare
  now_there migration.old_customers;
begin
  if tg_op = 'INSERT' then
    insert into migration.old_customers values (new.*) returning * into new;
    return new;
  end if;
  perform from migration.customer_row as r where r.customer_id = old.customer_id for no key update;
  select o.* into now_there from migration.old_customers as o where o.customer_id = old.customer_id for no key update;
  if not found then
    return null;
  end if;
  if tg_op = 'DELETE' then
    delete from migration.old_customers as o where o.customer_id = old.customer_id;
    return old;
  end if;
  if new.customer_balance is distinct from old.customer_balance
    and now_there.customer_balance is distinct from old.customer_balance then
    if 'NaN' in (old.customer_balance, new.customer_balance, now_there.customer_balance)
      or 'Infinity' in (abs(old.customer_balance), abs(new.customer_balance), abs(now_there.customer_balance)) then
      raise serialization_failure using message = 'could not serialize access due to concurrent update';
    end if;
    new.customer_balance := (
      now_there.customer_balance::text::numeric + new.customer_balance::text::numeric - old.customer_balance::text::numeric
    )::text::float8;
    if new.customer_balance < 0 and now_there.customer_balance >= 0 then
      raise serialization_failure using message = 'could not serialize access due to concurrent update';
    end if;
  end if;
  -- most rows are as they were, which is soon seen
  if old::text <> now_there::text
    and sales_old.overtaken(to_jsonb(old) - 'customer_balance', to_jsonb(new) - 'customer_balance', to_jsonb(now_there)) then
    raise serialization_failure using message = 'could not serialize access due to concurrent update';
  end if;
  -- Its number by itself: a server takes an UPDATE that names it, of a table with a trigger, for one that changes it, and has
  -- it wait for whoever refers to the row, who may wait for the new row that is held here.
  if new.customer_id <> old.customer_id then
    update migration.old_customers as o set customer_id = new.customer_id where o.customer_id = old.customer_id;
  end if;
  update migration.old_customers as o
  set customer_name = case when new.customer_name is distinct from old.customer_name then new.customer_name else o.customer_name end,
    customer_email = case when new.customer_email is distinct from old.customer_email then new.customer_email else o.customer_email end,
    customer_contact_name = case
      when new.customer_contact_name is distinct from old.customer_contact_name then new.customer_contact_name
      else o.customer_contact_name
    end,
    customer_phone = case when new.customer_phone is distinct from old.customer_phone then new.customer_phone else o.customer_phone end,
    address = case when new.address is distinct from old.address then new.address else o.address end,
    address_state = case when new.address_state is distinct from old.address_state then new.address_state else o.address_state end,
    customer_balance = case
      when new.customer_balance is distinct from old.customer_balance then new.customer_balance else o.customer_balance
    end
  where o.customer_id = new.customer_id
  returning * into now_there;
  if exists (select from sales_old.carried) then
    perform sales_old.write_carried(tg_relid, 'migration.old_customers', 'customers', new.customer_id, old::text, new::text);
    select o.* into now_there from migration.old_customers as o where o.customer_id = new.customer_id;
  end if;
  new := now_there;
  return new;
end
$$;
create function sales_old.overtaken(was jsonb, wanted jsonb, is_now jsonb) returns boolean
language sql immutable
as $$
  select exists (
    select from jsonb_each(wanted) as w (name, value)
    where w.value <> was -> w.name and is_now -> w.name not in (was -> w.name, w.value)
  )
$$;
comment on function sales_old.overtaken(jsonb, jsonb, jsonb) is 'Whether a value that is to be changed was changed by somebody else since.';

create function sales_old.write_order() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  now_there migration.old_orders;
  -- without the arguments, which may be JSON that jsonb does not take
  was migration.old_orders;
  wanted migration.old_orders;
  is_now migration.old_orders;
begin
  if tg_op = 'INSERT' then
    insert into migration.old_orders values (new.*) returning * into new;
    return new;
  end if;
  perform from migration.order_row as r where r.order_id = old.order_id for no key update;
  select o.* into now_there from migration.old_orders as o where o.order_id = old.order_id for no key update;
  if not found then
    return null;
  end if;
  if tg_op = 'DELETE' then
    delete from migration.old_orders as o where o.order_id = old.order_id;
    return old;
  end if;
  -- most rows are as they were, which is soon seen
  if old::text <> now_there::text then
    was := old;
    was.delivery_script_args := null;
    wanted := new;
    wanted.delivery_script_args := null;
    is_now := now_there;
    is_now.delivery_script_args := null;
    if sales_old.overtaken(
      to_jsonb(was) || jsonb_build_object('args', old.delivery_script_args::text),
      to_jsonb(wanted) || jsonb_build_object('args', new.delivery_script_args::text),
      to_jsonb(is_now) || jsonb_build_object('args', now_there.delivery_script_args::text)
    ) then
      raise serialization_failure using message = 'could not serialize access due to concurrent update';
    end if;
  end if;
  update migration.old_orders as o
  set order_id = new.order_id,
    order_ref = case when new.order_ref is distinct from old.order_ref then new.order_ref else o.order_ref end,
    customer_id = case when new.customer_id is distinct from old.customer_id then new.customer_id else o.customer_id end,
    order_schedule = case
      when new.order_schedule is distinct from old.order_schedule then new.order_schedule else o.order_schedule
    end,
    delivery_script_name = case
      when new.delivery_script_name is distinct from old.delivery_script_name then new.delivery_script_name
      else o.delivery_script_name
    end,
    delivery_script_args = case
      when new.delivery_script_args::text is distinct from old.delivery_script_args::text then new.delivery_script_args
      else o.delivery_script_args
    end,
    order_amount = case when new.order_amount is distinct from old.order_amount then new.order_amount else o.order_amount end,
    order_status = case when new.order_status is distinct from old.order_status then new.order_status else o.order_status end
  where o.order_id = old.order_id
  returning * into is_now;
  if exists (select from sales_old.carried) then
    perform sales_old.write_carried(tg_relid, 'migration.old_orders', 'orders', new.order_id, old::text, new::text);
    select o.* into is_now from migration.old_orders as o where o.order_id = new.order_id;
  end if;
  new := is_now;
  return new;
end
$$;
create trigger write instead of insert or update or delete on sales_old.customers
  for each row execute function sales_old.write_customer();
create trigger write instead of insert or update or delete on sales_old.orders
  for each row execute function sales_old.write_order();

-- The next rows of an old table, by their numbers, that are on neither side yet. Those that somebody holds are passed over
-- (`held`): whoever changes them brings them along. `last` is null at the end.
create function migration.backfill(
  what text, after_id bigint, at_most integer, out last bigint, out taken integer, out held integer
)
language plpgsql
as $$
declare
  missing bigint[];
  free bigint[];
begin
  if what = 'customers' then
    select max(n.customer_id), coalesce(array_agg(n.customer_id order by n.customer_id) filter (
      where (select r.customer_id from migration.customer_row as r where r.customer_id = n.customer_id limit 1) is null
    ), '{}')
    into last, missing
    from (
      select c.customer_id from migration.old_customers as c
      where c.customer_id > after_id order by c.customer_id limit at_most
    ) as n;
    free := array(
      select c.customer_id from migration.old_customers as c where c.customer_id = any(missing) order by c.customer_id
      for no key update skip locked
    );
    if cardinality(free) > 0 then
      perform migration.put_customers(free);
    end if;
  else
    select max(n.order_id), coalesce(array_agg(n.order_id order by n.order_id) filter (
      where (select r.order_id from migration.order_row as r where r.order_id = n.order_id limit 1) is null
    ), '{}')
    into last, missing
    from (
      select o.order_id from migration.old_orders as o where o.order_id > after_id order by o.order_id limit at_most
    ) as n;
    free := array(
      select o.order_id from migration.old_orders as o where o.order_id = any(missing) order by o.order_id
      for no key update skip locked
    );
    if cardinality(free) > 0 then
      perform migration.put_orders(free);
    end if;
  end if;
  taken := cardinality(free);
  held := cardinality(missing) - cardinality(free);
end
$$;

-- All of it, batch by batch, each committed. It can be stopped at any time and called again.
create procedure migration.backfill_all(at_most integer default 500)
language plpgsql
as $$
declare
  what text;
  done record;
  place bigint;
  left_over bigint;
begin
  foreach what in array array['customers', 'orders'] loop
    loop
      place := -9223372036854775808;
      left_over := 0;
      loop
        select * into done from migration.backfill(what, place, at_most);
        commit;
        exit when done.last is null;
        place := done.last;
        left_over := left_over + done.held;
      end loop;
      exit when left_over = 0;
      perform pg_sleep(0.1);
    end loop;
  end loop;
  -- not for ever: what others hold all the time is brought along by them
  for again in 1 .. 100 loop
    left_over := migration.settle_all(at_most);
    commit;
    exit when left_over < at_most;
  end loop;
  insert into migration.step (name) values ('backfill') on conflict do nothing;
end
$$;

-- Bring in what was left for later: rows of the quarantine that nothing keeps there any more, and those that were held from
-- both sides. Gives how many it looked at.
create function migration.settle_all(at_most integer default 500) returns bigint
language plpgsql
as $$
declare
  ids bigint[];
  looked bigint := 0;
begin
  ids := array(select p.id from migration.pending as p where p.kind = 'customer' order by p.id limit at_most);
  looked := looked + cardinality(ids);
  perform migration.put_customers(ids) where cardinality(ids) > 0;
  ids := array(select p.id from migration.pending as p where p.kind = 'order' order by p.id limit at_most);
  looked := looked + cardinality(ids);
  perform migration.put_orders(ids) where cardinality(ids) > 0;
  ids := array(
    select q.customer_id from migration.quarantined_customer as q
    join migration.customer_faults(array(select i.customer_id from migration.quarantined_customer as i)) as f
      on f.customer_id = q.customer_id
    where f.faults = '{}' order by q.customer_id limit at_most
  );
  looked := looked + cardinality(ids);
  perform migration.put_customers(ids) where cardinality(ids) > 0;
  ids := array(
    select q.order_id from migration.quarantined_order as q
    join migration.order_faults(array(select i.order_id from migration.quarantined_order as i)) as f
      on f.order_id = q.order_id
    where f.faults = '{}' order by q.order_id limit at_most
  );
  looked := looked + cardinality(ids);
  perform migration.put_orders(ids) where cardinality(ids) > 0;
  -- reasons change with what they were about
  update migration.quarantined_order as q
  set reasons = f.faults
  from migration.order_faults(array(select i.order_id from migration.quarantined_order as i)) as f
  where f.order_id = q.order_id and f.faults <> '{}' and f.faults <> q.reasons;
  return looked;
end
$$;

-- Both sides as lines of text, value by value; of the new side, what old applications read, and whether what they do not
-- read says the same.
create view migration.side as
  select 'customers' as what, 'old' as side, c.customer_id as id,
    row(
      c.customer_name, c.customer_email, c.customer_contact_name, c.customer_phone, c.address, c.address_state,
      c.customer_balance + 0
    )::text as line
  from migration.old_customers as c
  union all
  select 'customers', 'new', c.customer_id,
    row(
      c.customer_name, c.customer_email, c.customer_contact_name, c.customer_phone, c.address, c.address_state,
      c.customer_balance + 0
    )::text
  from sales_old.customers as c
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
    )::text || case
      when exists (
        select from sales.order_deliveries as d
        left join sales_private.delivery_originals as t on t.order_id = d.order_id
        where d.order_id = o.order_id
          and nullif(t.args_text::jsonb, 'null') is distinct from sales_private.with_secrets(d.order_id, d.args)::jsonb
      ) then ' with other arguments'
      else ''
    end
  from sales_old.orders as o;

-- Key ranges in which the sides differ: both sums of hashes are of all their lines.
create function migration.differing_ranges(the_what text, width bigint)
returns table (first_id bigint, last_id bigint, old_rows bigint, new_rows bigint)
language sql stable
set extra_float_digits = 1
set jit = off
as $$
  select min(s.id), max(s.id), count(*) filter (where s.side = 'old'), count(*) filter (where s.side = 'new')
  from migration.side as s
  where s.what = the_what
  group by s.id / width
  having sum(hashtextextended(s.line, s.id) * case s.side when 'old' then 1::numeric else -1 end) <> 0
    or count(*) filter (where s.side = 'old') <> count(*) filter (where s.side = 'new')
  order by 1
$$;

-- The rows of a range that differ: on which side they are, or that both have other values.
create function migration.differing_rows(the_what text, first_id bigint, last_id bigint)
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
  from migration.side as s
  where s.what = the_what and s.id between first_id and last_id
  group by s.id
  having count(*) <> 2 or min(s.line) <> max(s.line)
  order by s.id
$$;

-- What only the new tables know has nothing on the old side to be compared with, but it must agree with itself.
create view migration.differing_inside as
  select 'customers' as what, e.customer_id as id, format('ledger entry %s does not begin with what the one before left', e.entry_number) as difference
  from sales.ledger_entries as e
  left join sales.ledger_entries as p on p.customer_id = e.customer_id and p.entry_number = e.entry_number - 1
  where coalesce(p.balance_after, 0) <> e.balance_before or (e.entry_number > 1 and p.entry_number is null)
    or e.balance_before + e.amount <> e.balance_after
  union all
  select 'customers', c.customer_id, 'its last ledger entry left another balance'
  from sales.customers as c
  left join sales.ledger_entries as e on e.customer_id = c.customer_id and e.entry_number = c.entry_number
  where coalesce(e.balance_after, 0) <> c.balance or (c.entry_number > 0 and e.entry_number is null)
  union all
  select 'customers', e.customer_id, format('ledger entry %s is none of its own', e.entry_number)
  from sales.ledger_entries as e
  join sales.customers as c on c.customer_id = e.customer_id
  where e.entry_number > c.entry_number
  union all
  select 'orders', h.order_id, format('change %s of its status does not begin with what the one before made of it', h.change_number)
  from sales.order_status_changes as h
  left join sales.order_status_changes as p on p.order_id = h.order_id and p.change_number = h.change_number - 1
  where h.change_number > 1 and p.status_after is distinct from h.status_before
  union all
  select 'orders', h.order_id, 'the last change of its status made something else of it'
  from sales.order_status_changes as h
  join sales.orders as o on o.order_id = h.order_id
  where o.order_status <> h.status_after
    and not exists (
      select from sales.order_status_changes as n where n.order_id = h.order_id and n.change_number > h.change_number
    )
  union all
  select 'orders', coalesce(o.order_id, r.order_id), 'its recreation is not written down as it was'
  from (select o.order_id, o.first_ancestor_id from sales.orders as o where o.recreation_id is not null) as o
  full join sales.recreations as r on r.order_id = o.order_id
  left join sales.orders as p on p.order_id = r.predecessor_id
  where o.order_id is null or r.order_id is null or r.first_ancestor_id <> o.first_ancestor_id
    or (r.predecessor_id is not null and (p.first_ancestor_id is distinct from r.first_ancestor_id or p.order_id > r.order_id))
    or r.balance <= r.amount
  union all
  select 'orders', s.order_id, format('its secret %s is of no delivery', s.secret_id)
  from sales_private.delivery_secrets as s
  left join sales.order_deliveries as d on d.order_id = s.order_id
  where coalesce(strpos(d.args::text, format('"secret-ref:sales/%s"', s.secret_id)), 0) = 0
  union all
  select 'orders', t.order_id, 'it has arguments and no delivery'
  from sales_private.delivery_originals as t
  left join sales.order_deliveries as d on d.order_id = t.order_id
  where d.order_id is null and t.args_text::json::text <> 'null';

-- Schedules that old applications would read otherwise than they are.
create view migration.differing_schedules as
  select s.schedule_id
  from sales.schedules as s
  left join sales_old.schedule_bits as b on b.schedule_id = s.schedule_id
  where b.bits is distinct from sales.bits(s.half_hours)::text;

-- Take a column along that somebody added to an old table: the new table has it too, both sides are kept equal in it, old
-- applications read it in their view, and those of the new side in the new table, where it stays. Before the switch. What
-- the rows say comes after this, see migration.carry_next. Its default comes along; constraints on it hold as long as the
-- old table is there.
create function migration.carry(the_tab text, the_name text) returns void
language plpgsql
as $$
declare
  col record;
  known_columns text;
begin
  if exists (select from sales_old.carried as c where c.tab = the_tab and c.name = the_name) then
    return;
  end if;
  select n.type, n.type_before, a.attgenerated <> '' as computed, a.attidentity <> '' as counted,
    pg_get_expr(d.adbin, d.adrelid) as given
  into col
  from migration.new_columns as n
  join pg_catalog.pg_attribute as a on a.attrelid = to_regclass('public.' || quote_ident(n.tab)) and a.attname = n.name
  left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where n.tab = the_tab and n.name = the_name;
  if not found then
    raise undefined_column using message = format('nobody added a column %s to %s', the_name, the_tab);
  elsif exists (select from migration.step as s where s.name = 'switch') then
    raise object_not_in_prerequisite_state using message = 'old applications use views already: roll back to verify first';
  elsif col.type_before is not null then
    raise feature_not_supported using
      message = format('%s.%s is a column of this migration, and has another type now', the_tab, the_name),
      hint = 'change it back, or roll back';
  elsif col.computed or col.counted then
    raise feature_not_supported using
      message = format('%s.%s is given by the database, which cannot be taken along', the_tab, the_name),
      hint = 'drop it, or roll back and take it into the project';
  elsif exists (
    select from pg_catalog.pg_attribute as a
    where a.attrelid = to_regclass('sales.' || quote_ident(the_tab)) and a.attname = the_name and not a.attisdropped
      and not (
        -- as an earlier try left it
        format_type(a.atttypid, a.atttypmod) = col.type
        and col_description(a.attrelid, a.attnum) = 'Came with the old table.'
      )
  ) then
    raise duplicate_column using
      message = format('sales.%s has a column %s of its own', the_tab, the_name), hint = 'rename the one that was added';
  end if;
  execute format('alter table sales.%I add column if not exists %I %s', the_tab, the_name, col.type);
  execute format('comment on column sales.%I.%I is %L', the_tab, the_name, 'Came with the old table.');
  insert into sales_old.carried (tab, name) values (the_tab, the_name);
  insert into migration.known_column (tab, name, type) values (the_tab, the_name, col.type);
  select string_agg(format('t.%I', a.attname), ', ' order by a.attnum) into known_columns
  from pg_catalog.pg_attribute as a
  where a.attrelid = to_regclass('migration.old_' || the_tab) and a.attnum > 0;
  execute format(
    'create or replace view migration.old_%s as select %s, t.%I from public.%I as t',
    the_tab, known_columns, the_name, the_tab
  );
  -- what it says in the old table, which holds it for rows of both kinds
  execute format(
    'create or replace view sales_old.%I as %s', the_tab,
    regexp_replace(
      pg_get_viewdef(to_regclass('sales_old.' || the_tab)), '\s+FROM migration\.\w+_row r;?\s*$',
      format(
        ', (select o.%1$I from migration.old_%2$s as o where o.%3$s = r.%3$s) as %1$I from migration.%4$s_row as r',
        the_name, the_tab, rtrim(the_tab, 's') || '_id', rtrim(the_tab, 's')
      )
    )
  );
  if col.given is not null then
    execute format('alter table sales.%I alter column %I set default %s', the_tab, the_name, col.given);
    execute format('alter view sales_old.%I alter column %I set default %s', the_tab, the_name, col.given);
  end if;
  -- what was seen before was seen without it
  delete from migration.step as s where s.name = 'verify';
end
$$;

-- Rows of a table, in their order, that are on both sides and say another thing in a column that was taken along.
create function migration.differing_carried(the_tab text, after_id bigint, at_most integer)
returns table (id bigint, columns text)
language plpgsql stable
as $$
declare
  found_columns text[] := array(select c.name from sales_old.carried as c where c.tab = the_tab order by c.place);
begin
  if found_columns <> '{}' then
    return query execute format(
      'select o.%1$I::bigint, concat_ws('', '', %2$s) from migration.old_%3$s as o join sales.%3$I as n on n.%1$I = o.%1$I'
        ' where o.%1$I > $1 and (%4$s) order by o.%1$I limit $2',
      rtrim(the_tab, 's') || '_id',
      (select string_agg(format('case when n.%1$I::text is distinct from o.%1$I::text then %1$L end', c), ', ')
        from unnest(found_columns) as c),
      the_tab,
      (select string_agg(format('n.%1$I::text is distinct from o.%1$I::text', c), ' or ') from unnest(found_columns) as c)
    ) using after_id, at_most;
  end if;
end
$$;

-- Bring the next rows after a number that say another thing; gives the last of them, null where there are no more.
create function migration.carry_next(the_tab text, after_id bigint, at_most integer) returns bigint
language plpgsql
as $$
declare
  ids bigint[] := array(select d.id from migration.differing_carried(the_tab, after_id, at_most) as d);
begin
  if the_tab = 'orders' then
    perform migration.put_orders(ids) where ids <> '{}';
  else
    perform migration.put_customers(ids) where ids <> '{}';
  end if;
  return ids[cardinality(ids)];
end
$$;

-- The nightly job by both schemas: orders that one of them recreates and the other does not, and why.
create view migration.differing_recreations as
  select coalesce(o.order_id, n.order_id) as order_id,
    case when n.order_id is null then 'old' else 'new' end as recreated_by,
    coalesce(
      (select 'in quarantine: ' || array_to_string(q.reasons, ', ') from migration.quarantined_order as q
       where q.order_id = coalesce(o.order_id, n.order_id)),
      (select 'balance ' || c.customer_balance || ' is not a number' from migration.old_customers as c
       where c.customer_id = o.customer_id and c.customer_balance = 'NaN'),
      'a later order of its lineage is in quarantine'
    ) as why
  from (
    select o.order_id, o.customer_id
    from migration.old_orders as o
    join migration.old_customers as c on c.customer_id = o.customer_id
    where o.order_status in ('pending', 'active', 'paused') and c.customer_balance > o.order_amount
      and not exists (
        select from migration.old_orders as later where later.order_ref = o.order_ref and later.order_id > o.order_id
      )
  ) as o
  full join sales.orders_due as n on n.order_id = o.order_id
  where o.order_id is null or n.order_id is null;

insert into migration.step (name) values ('prepare');

commit;
