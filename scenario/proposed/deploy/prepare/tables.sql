-- A part of prepare.sql, which runs it once.
-- Tables of the migration: finished steps, known columns, quarantine, schedules as bits, shared sequences.

create schema migration;
comment on schema migration is 'Keeps the current and the proposed tables equal. Dropped together with the current tables.';
create schema sales_old;
comment on schema sales_old is 'Objects for old applications. Dropped by retire, once no old application is left.';

create table migration.step (
  name text primary key,
  detail jsonb not null default '{}',
  done_at timestamptz not null default clock_timestamp()
);
comment on table migration.step is 'Finished steps, and the progress of long ones.';

-- The current tables in any schema: a view follows its table when that is moved.
create view migration.old_customers as
  select c.customer_id, c.customer_name, c.customer_email, c.customer_contact_name, c.customer_phone, c.address,
    c.address_state, c.customer_balance
  from public.customers as c;
create view migration.old_orders as
  select o.order_id, o.order_ref, o.customer_id, o.order_schedule, o.delivery_script_name, o.delivery_script_args,
    o.order_amount, o.order_status
  from public.orders as o;

-- The migrated columns. For others, see migration.new_columns.
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

-- Columns of old tables that no step migrates, or that have changed.
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

-- The common parent of a new table and its quarantine, so that a view shows both but reads one table: with a union,
-- SELECT ... FOR UPDATE would lock no row.
create table migration.customer_row (customer_id bigint not null, name text, balance numeric(18, 2));
create table migration.order_row (
  order_id bigint not null,
  customer_id bigint,
  first_ancestor_id bigint,
  schedule_id bigint,
  delivery_id bigint,
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
comment on table migration.quarantined_customer is 'Rows that the new tables reject, unchanged, with reasons.';
create table migration.quarantined_order (
  primary key (order_id),
  old_schedule bit(336),
  old_script_name text,
  old_script_args json,
  reasons text[] not null,
  since timestamptz not null default now()
) inherits (migration.order_row);
comment on table migration.quarantined_order is 'Rows that the new tables reject, unchanged, with reasons.';
create index quarantined_order_customer on migration.quarantined_order (customer_id);
create index quarantined_order_ref on migration.quarantined_order (first_ancestor_id);
alter table sales.customers inherit migration.customer_row;
alter table sales.orders inherit migration.order_row;

-- Old applications query by 32-bit numbers. The new tables get such indexes after the backfill.
create index quarantined_customer_old_id on migration.quarantined_customer ((customer_id::integer));
create index quarantined_order_old_id on migration.quarantined_order ((order_id::integer));
create index quarantined_order_old_customer on migration.quarantined_order ((customer_id::integer));
create index quarantined_order_old_ref on migration.quarantined_order ((first_ancestor_id::integer));

-- Limits of the old columns apply to the new ones as long as old applications read them.
alter table sales.customers add constraint customers_fit_old_columns check (
  customer_id between -2147483648 and 2147483647 and balance::text::float8::text::numeric = balance
);
alter table sales.contacts add constraint contacts_fit_old_columns check (char_length(name) <= 100 and char_length(phone) <= 20);
alter table sales.orders add constraint orders_fit_old_columns check (
  order_id between -2147483648 and 2147483647 and amount = trunc(amount) and amount <= 2147483647
);

-- Rows that an old application changed while a new application held their lock: neither waits for the other, and the
-- second one merges both changes.
create table migration.pending (kind text not null, id bigint not null, primary key (kind, id));

-- Schedules in the format of old applications.
create table sales_old.schedule_bits (
  schedule_id bigint primary key references sales.schedules (schedule_id) on delete cascade,
  bits text not null unique check (length(bits) = 336 and bits !~ '[^01]')
);
comment on table sales_old.schedule_bits is 'Schedules in the format of old applications.';
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

-- Return the condition of a trigger that copies, as text: the setting says that this transaction is the copy of a write to
-- the other side. Only functions of the owner can say so: another role may change the setting, and changes nothing.
create function migration.unless_copying(direction text) returns text
language sql stable
return format(
  'current_setting(''migration.direction'', true) is distinct from %L or not pg_has_role(%s::oid, ''USAGE'')',
  direction, current_user::regrole::oid
);

-- The arguments of deliveries in the format of old applications, letter by letter, secrets included.
create table sales_old.delivery_texts (
  delivery_id bigint primary key,
  customer_id bigint not null,
  args_text text check (args_text is null or args_text::json is not null),
  -- deferred, because the text comes first
  foreign key (customer_id, delivery_id) references sales.deliveries (customer_id, delivery_id)
    on delete cascade deferrable initially deferred
);
-- finds equal arguments: unlike its text, a hash always fits into an index
create index delivery_texts_text on sales_old.delivery_texts (customer_id, hashtextextended(coalesce(args_text, ''), 0));
comment on table sales_old.delivery_texts is 'Arguments of deliveries as old applications read them, secrets included.';
comment on column sales_old.delivery_texts.delivery_id is 'Which delivery.';
comment on column sales_old.delivery_texts.customer_id is 'Its customer.';
comment on column sales_old.delivery_texts.args_text is 'The text, which is JSON; null for no arguments.';
create function sales_old.write_text() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- an old application has written it before
  if not exists (select from sales_old.delivery_texts as t where t.delivery_id = new.delivery_id) then
    insert into sales_old.delivery_texts (delivery_id, customer_id, args_text)
    values (new.delivery_id, new.customer_id, sales_private.with_secrets(new.customer_id, new.args))
    on conflict (delivery_id) do nothing;
  end if;
  return null;
end
$$;
create trigger write_text after insert on sales.deliveries for each row execute function sales_old.write_text();
alter table sales.deliveries enable always trigger write_text;
create function sales_old.write_secret() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update sales_old.delivery_texts as t
  set args_text = sales_private.with_secrets(d.customer_id, d.args)
  from sales.deliveries as d
  where d.customer_id = new.customer_id and strpos(d.args::text, format('"secret-ref:sales/%s"', new.secret_id)) > 0
    and t.delivery_id = d.delivery_id;
  return null;
end
$$;
create trigger write_text after update of secret on sales_private.secrets
  for each row when (old.secret is distinct from new.secret) execute function sales_old.write_secret();
alter table sales_private.secrets enable always trigger write_text;

-- Orders without a delivery script whose arguments are JSON null, as some libraries write it.
create table sales_old.null_args (
  order_id bigint primary key references sales.orders (order_id) on delete cascade
);
comment on table sales_old.null_args is 'Orders without a delivery for which old applications read JSON null as arguments.';
comment on column sales_old.null_args.order_id is 'Which order.';

-- Return the arguments that old applications read from now on; sales_old.hide_secrets replaces it.
create function sales_old.shown(of_customer bigint, arguments json) returns json
language sql
as $$
  select arguments
$$;
comment on function sales_old.shown(bigint, json) is 'Arguments as old applications read them again; without secrets once these are hidden.';

-- Return the delivery of a customer with this script, and these arguments letter by letter; a new one if there is none.
-- Locked, so that no other session deletes it before an order uses it.
create function sales_old.delivery(of_customer bigint, script text, arguments json, made_now boolean) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  found_id bigint;
begin
  arguments := sales_old.shown(of_customer, arguments);
  -- the script by a scalar subquery, and the lock apart: with statistics of an empty table, the server would read all
  -- deliveries of a script
  select t.delivery_id into found_id
  from sales_old.delivery_texts as t
  where t.customer_id = of_customer
    and hashtextextended(coalesce(t.args_text, ''), 0) = hashtextextended(coalesce(arguments::text, ''), 0)
    and t.args_text is not distinct from arguments::text
    and (select d.script_name from sales.deliveries as d where d.delivery_id = t.delivery_id) = script
  order by t.delivery_id
  limit 1;
  if found then
    perform from sales.deliveries as d where d.delivery_id = found_id for key share;
  end if;
  if not found then
    insert into sales.delivery_scripts (script_name)
    select script where not exists (select from sales.delivery_scripts as s where s.script_name = script)
    on conflict do nothing;
    found_id := nextval(pg_get_serial_sequence('sales.deliveries', 'delivery_id'));
    insert into sales_old.delivery_texts (delivery_id, customer_id, args_text) values (found_id, of_customer, arguments::text);
    insert into sales.deliveries (delivery_id, customer_id, script_name, args, created_at)
    values (found_id, of_customer, script, nullif(arguments::jsonb, 'null'), case when made_now then now() end);
  end if;
  return found_id;
end
$$;
comment on function sales_old.delivery(bigint, text, json, boolean) is 'The number of a delivery with the arguments of an old application.';

-- With `migration.by_set`, a set-based statement writes opening balances instead of a row trigger.
do $$
begin
  execute format(
    'create or replace trigger number_entry before insert on sales.ledger_entries for each row when (%s)'
      ' execute function sales.number_entry()',
    replace(migration.unless_copying('on'), 'migration.direction', 'migration.by_set')
  );
end
$$;
alter table sales.ledger_entries enable always trigger number_entry;
-- It writes the customer's balance with the owner's privileges: the setting of another role must not keep that from
-- being copied.
create function migration.ignore_setting() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('migration.direction', '', true);
  return new;
end
$$;
do $$
begin
  execute format(
    'create trigger ignore_setting before insert on sales.ledger_entries for each row when ('
      'coalesce(current_setting(''migration.direction'', true), '''') <> '''' and not pg_has_role(%s::oid, ''USAGE'')'
      ') execute function migration.ignore_setting()',
    current_user::regrole::oid
  );
end
$$;
alter table sales.ledger_entries enable always trigger ignore_setting;

-- Both sides use the old sequences. A number without an explicit value is from a range that no row can have.
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

-- Carried columns, which were added to an old table: see migration.carry.
create table sales_old.carried (
  tab text not null,
  name text not null,
  place integer generated always as identity,
  created_at timestamptz not null default now(),
  updated_at timestamptz,
  primary key (tab, name)
);
comment on table sales_old.carried is 'Carried columns: added to the old tables during the migration.';
comment on column sales_old.carried.tab is 'The table: customers or orders.';
comment on column sales_old.carried.name is 'The column.';
comment on column sales_old.carried.place is 'Order of their addition.';
comment on column sales_old.carried.created_at is 'Time of creation.';
comment on column sales_old.carried.updated_at is 'Time of the last change; null if never changed.';
create trigger touch before update on sales_old.carried for each row execute function sales.touch();
