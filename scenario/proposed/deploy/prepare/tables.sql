-- A part of prepare.sql, which runs it once.
-- Tables of the migration: finished steps, known columns, quarantine, notes of rows that both sides hold.

create schema migration;
comment on schema migration is
  'Keeps the current and the proposed tables equal. Dropped together with the current tables.';
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
alter table sales.contacts add constraint contacts_fit_old_columns check (
  char_length(name) <= 100 and char_length(phone) <= 20
);
alter table sales.orders add constraint orders_fit_old_columns check (
  order_id between -2147483648 and 2147483647 and amount = trunc(amount) and amount <= 2147483647
);

-- Notes of rows whose new side lacks a change of an old application. Either a new application held their lock: neither
-- waits for the other, and the second one merges both changes. Or the snapshot did not show whether they are copied.
create table migration.pending (
  tab text not null check (tab in ('customers', 'orders')),
  id bigint not null,
  primary key (tab, id)
);

-- New customers that the old table does not accept yet, because contact and address are missing.
create table migration.incomplete_customer (customer_id bigint primary key);
