-- Deploy sales:expand to pg. Runs once: run again, it stops with one line, because the schema sales exists.
-- Creates the proposed schema next to the current one, for later use. Takes no lock on the current tables, whatever
-- their size. First come the checks of all that the migration needs.

begin;
set local lock_timeout = '2s';
set local statement_timeout = '1min';

\ir checks/first.sql

create schema sales;
comment on schema sales is 'Customers, their balances and contacts, and their orders of leads.';
create schema sales_private;
comment on schema sales_private is 'Restricted data: secrets of deliveries, and the original text of their arguments.';
revoke all on schema sales_private from public;

-- Return whether a text is not blank: it has a character other than white space.
create function sales.says_something(words text) returns boolean
language sql immutable parallel safe strict
return btrim(words, E' \t\n\r\f\x0b') <> '';
comment on function sales.says_something(text) is 'Whether a text is more than white space.';

-- Return whether a text is an address that browsers accept in an e-mail field (HTML Living Standard), with a dot in its
-- domain. A separate test limits each part of the domain to 63 characters, only for long domains: counting in one
-- expression takes seven times as long. Not strict: PostgreSQL could then not inline the function.
create function sales.is_email(address text) returns boolean
language sql immutable parallel safe
return address ~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~\x60-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
  and (length(address) < 66 or substring(address from '@.*$') !~ '[a-zA-Z0-9-]{64}');
comment on function sales.is_email(text) is 'Whether a text is a valid e-mail address with a dot in its domain.';

create function sales.is_secret_name(name text) returns boolean
language sql immutable parallel safe strict
return name ~* 'api[-_]?key|secret|token|passw(?:or)?d|pwd|credential|private[-_]?key|authorization';
comment on function sales.is_secret_name(text) is 'Whether the value of a key with this name is secret.';

create function sales.is_secret_reference(value text) returns boolean
language sql immutable parallel safe strict
return value ~ '^secret-ref:[A-Za-z0-9_./-]+$';
comment on function sales.is_secret_reference(text) is 'Whether a text is a reference to a secret.';

-- Return whether JSON has a text under a secret name, at any depth, that is not a reference. A fixed search_path avoids
-- a new plan for each caller with another one.
create function sales.finds_secret(args jsonb) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  member record;
begin
  if jsonb_typeof(args) = 'object' then
    for member in select m.key, m.value from jsonb_each(args) as m loop
      if jsonb_typeof(member.value) = 'string' then
        if sales.is_secret_name(member.key) and member.value #>> '{}' <> ''
          and not sales.is_secret_reference(member.value #>> '{}') then
          return true;
        end if;
      elsif sales.finds_secret(member.value) then
        return true;
      end if;
    end loop;
  elsif jsonb_typeof(args) = 'array' then
    for member in select e.value from jsonb_array_elements(args) as e loop
      if sales.finds_secret(member.value) then
        return true;
      end if;
    end loop;
  end if;
  return false;
end
$$;
comment on function sales.finds_secret(jsonb) is 'Whether arguments contain a secret, at any depth.';
-- Most arguments have no such name, or only references, and need no traversal. Not inlined, because a constraint's
-- expression is parsed for each statement.
create function sales.holds_secret(args jsonb) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return sales.is_secret_name(args::text)
    and sales.is_secret_name(regexp_replace(args::text, '"[^"]*": "secret-ref:[A-Za-z0-9_./-]+"', '', 'g'))
    and sales.finds_secret(args);
end
$$;
comment on function sales.holds_secret(jsonb) is 'Whether arguments contain a secret, at any depth.';

-- The time zone of the business is stated here, once. A recreation stores its day, so that another zone, put here by
-- `create or replace`, applies to later recreations only. A day begins at 00:00 in the zone and may have 23 or 25 hours.
create function sales.business_day(moment timestamptz) returns date
language sql immutable parallel safe strict
return (moment at time zone 'America/New_York')::date;
comment on function sales.business_day(timestamptz) is 'The business day of a time, from midnight to midnight in New York.';

-- Only functions of the owner correct records that are otherwise only inserted, with this setting. Another role may
-- change the setting, but does not own the table.
create function sales.may_correct(records regclass) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(current_setting('sales.correcting', true), '') = 'on' and pg_has_role(c.relowner, 'USAGE')
  from pg_class as c where c.oid = records
$$;
comment on function sales.may_correct(regclass) is 'Whether a function of the owner corrects records now.';

create table sales.states (
  state_code text primary key check (state_code ~ '^[A-Z]{2}$'),
  state_name text not null unique check (sales.says_something(state_name)),
  created_at timestamptz not null default now()
);
comment on table sales.states is 'States, territories and military mail regions, by the code of the US Postal Service.';
comment on column sales.states.state_code is 'Two capital letters: Publication 28 of the US Postal Service, appendix B.';
comment on column sales.states.state_name is 'Its name in English.';
comment on column sales.states.created_at is 'Time of creation.';
insert into sales.states (state_code, state_name) values
  ('AL', 'Alabama'), ('AK', 'Alaska'), ('AZ', 'Arizona'), ('AR', 'Arkansas'), ('CA', 'California'), ('CO', 'Colorado'),
  ('CT', 'Connecticut'), ('DE', 'Delaware'), ('DC', 'District of Columbia'), ('FL', 'Florida'), ('GA', 'Georgia'),
  ('HI', 'Hawaii'), ('ID', 'Idaho'), ('IL', 'Illinois'), ('IN', 'Indiana'), ('IA', 'Iowa'), ('KS', 'Kansas'),
  ('KY', 'Kentucky'), ('LA', 'Louisiana'), ('ME', 'Maine'), ('MD', 'Maryland'), ('MA', 'Massachusetts'),
  ('MI', 'Michigan'), ('MN', 'Minnesota'), ('MS', 'Mississippi'), ('MO', 'Missouri'), ('MT', 'Montana'),
  ('NE', 'Nebraska'), ('NV', 'Nevada'), ('NH', 'New Hampshire'), ('NJ', 'New Jersey'), ('NM', 'New Mexico'),
  ('NY', 'New York'), ('NC', 'North Carolina'), ('ND', 'North Dakota'), ('OH', 'Ohio'), ('OK', 'Oklahoma'),
  ('OR', 'Oregon'), ('PA', 'Pennsylvania'), ('RI', 'Rhode Island'), ('SC', 'South Carolina'), ('SD', 'South Dakota'),
  ('TN', 'Tennessee'), ('TX', 'Texas'), ('UT', 'Utah'), ('VT', 'Vermont'), ('VA', 'Virginia'), ('WA', 'Washington'),
  ('WV', 'West Virginia'), ('WI', 'Wisconsin'), ('WY', 'Wyoming'),
  ('AS', 'American Samoa'), ('GU', 'Guam'), ('MP', 'Northern Mariana Islands'), ('PR', 'Puerto Rico'),
  ('VI', 'Virgin Islands'), ('AA', 'Armed Forces Americas'), ('AE', 'Armed Forces Europe'), ('AP', 'Armed Forces Pacific');

create table sales.customers (
  customer_id bigint generated by default as identity primary key,
  name text not null check (sales.says_something(name)),
  balance numeric(18, 2) not null default 0 check (balance >= 0 and balance <> 'NaN'),
  entry_number bigint not null default 0 check (entry_number >= 0),
  -- null without a ledger entry: a foreign key with a null column is not checked
  last_entry bigint generated always as (nullif(entry_number, 0)) stored check (last_entry > 0),
  created_at timestamptz default now(),
  updated_at timestamptz,
  check (entry_number > 0 or balance = 0)
);
comment on table sales.customers is 'Companies that buy leads.';
comment on column sales.customers.customer_id is 'Number, the same in every version of this schema.';
comment on column sales.customers.name is 'The name of the company.';
comment on column sales.customers.balance is 'Available US dollars: the balance after the last ledger entry. Changed only by ledger entries.';
comment on column sales.customers.entry_number is 'Number of its ledger entries.';
comment on column sales.customers.last_entry is 'Number of its last ledger entry; null without entries.';
comment on column sales.customers.created_at is 'Time of creation; null for old rows, for which it was not recorded.';
comment on column sales.customers.updated_at is 'Time of the last change; null if never changed.';

create table sales.ledger_entries (
  customer_id bigint not null references sales.customers (customer_id),
  entry_number bigint not null check (entry_number > 0),
  balance_before numeric(18, 2) not null check (balance_before >= 0),
  amount numeric(18, 2) not null check (amount <> 0 and amount <> 'NaN'),
  balance_after numeric(18, 2) not null check (balance_after >= 0),
  reason text not null default 'unstated' check (sales.says_something(reason)),
  created_at timestamptz default now(),
  previous_number bigint generated always as (nullif(entry_number, 1) - 1) stored check (previous_number > 0),
  primary key (customer_id, entry_number),
  unique (customer_id, entry_number, balance_after),
  check (balance_after = balance_before + amount),
  check (entry_number > 1 or balance_before = 0),
  -- the balance after the previous entry is the balance before this one
  constraint ledger_entries_go_on foreign key (customer_id, previous_number, balance_before)
    references sales.ledger_entries (customer_id, entry_number, balance_after)
);
comment on table sales.ledger_entries is 'All changes of customers'' balances, in order; each begins with the balance after the previous one.';
comment on column sales.ledger_entries.customer_id is 'Customer of the balance.';
comment on column sales.ledger_entries.entry_number is 'Counts the entries of a customer from 1 without gaps. Set by the database.';
comment on column sales.ledger_entries.balance_before is 'US dollars before. Set by the database.';
comment on column sales.ledger_entries.amount is 'US dollars; negative for expenses.';
comment on column sales.ledger_entries.balance_after is 'US dollars after. Set by the database.';
comment on column sales.ledger_entries.reason is 'Reason, as text.';
comment on column sales.ledger_entries.created_at is 'Time; null for an opening balance without a recorded time.';
comment on column sales.ledger_entries.previous_number is 'The entry before this one; null for the first.';

-- The balance equals the balance after an entry. Checked at the end of the transaction, because the entry follows it.
alter table sales.customers add constraint customers_balance_is_in_ledger
  foreign key (customer_id, last_entry, balance)
  references sales.ledger_entries (customer_id, entry_number, balance_after)
  deferrable initially deferred;
create index customers_balance_is_in_ledger on sales.customers (customer_id, last_entry, balance);
create index ledger_entries_go_on on sales.ledger_entries (customer_id, previous_number, balance_before);

create function sales.number_entry() returns trigger
language plpgsql
as $$
begin
  -- Locks the customer's row until the end: entries of one customer are serialised. A before trigger, so that one
  -- statement can add several entries.
  update sales.customers as c
  set balance = c.balance + new.amount, entry_number = c.entry_number + 1
  where c.customer_id = new.customer_id
  returning c.entry_number, c.balance - new.amount, c.balance
  into new.entry_number, new.balance_before, new.balance_after;
  if not found then
    raise foreign_key_violation using message = format('there is no customer %s', new.customer_id);
  end if;
  return new;
end
$$;
comment on function sales.number_entry() is 'Sets the number and balances of a ledger entry, and the customer''s balance.';
create trigger number_entry before insert on sales.ledger_entries
  for each row execute function sales.number_entry();
alter table sales.ledger_entries enable always trigger number_entry;

-- References alone would allow a return to an earlier entry.
create function sales.goes_on() returns trigger
language plpgsql
as $$
begin
  if new.entry_number <> old.entry_number + 1 then
    raise check_violation using
      message = format('the balance of customer %s is changed by ledger entries only', old.customer_id),
      hint = 'insert into sales.ledger_entries (customer_id, amount, reason) values (...)';
  end if;
  return new;
end
$$;
comment on function sales.goes_on() is 'Rejects a balance without a new ledger entry.';
create trigger goes_on before update on sales.customers
  for each row when (
    old.balance is distinct from new.balance or old.entry_number is distinct from new.entry_number
  ) execute function sales.goes_on();
alter table sales.customers enable always trigger goes_on;

create table sales.contacts (
  contact_id bigint generated by default as identity primary key,
  customer_id bigint not null references sales.customers (customer_id) on delete cascade,
  name text not null check (sales.says_something(name)),
  email text not null check (sales.is_email(email)),
  phone text check (char_length(phone) <= 40),
  is_main boolean not null default true,
  created_at timestamptz default now(),
  updated_at timestamptz
);
create index contacts_customer_id on sales.contacts (customer_id);
create unique index contacts_email on sales.contacts (lower(email));
create unique index contacts_main on sales.contacts (customer_id) where is_main;
comment on table sales.contacts is 'Contact persons of customers.';
comment on column sales.contacts.contact_id is 'Its number.';
comment on column sales.contacts.customer_id is 'Customer of the contact.';
comment on column sales.contacts.name is 'Name of the person.';
comment on column sales.contacts.email is 'E-mail address as entered; unique regardless of case.';
comment on column sales.contacts.phone is 'Telephone number as entered, if any.';
comment on column sales.contacts.is_main is 'Whether it is the main contact: one per customer.';
comment on column sales.contacts.created_at is 'Time of creation; null for old rows, for which it was not recorded.';
comment on column sales.contacts.updated_at is 'Time of the last change; null if never changed.';

create table sales.addresses (
  address_id bigint generated by default as identity primary key,
  customer_id bigint not null references sales.customers (customer_id) on delete cascade,
  street text not null check (sales.says_something(street)),
  state_code text not null references sales.states (state_code),
  is_main boolean not null default true,
  created_at timestamptz default now(),
  updated_at timestamptz
);
create index addresses_customer_id on sales.addresses (customer_id);
create unique index addresses_main on sales.addresses (customer_id) where is_main;
create index addresses_state_code on sales.addresses (state_code);
comment on table sales.addresses is 'Addresses of customers.';
comment on column sales.addresses.address_id is 'Its number.';
comment on column sales.addresses.customer_id is 'Customer of the address.';
comment on column sales.addresses.street is 'Address without the state, as entered: street, town and code cannot be separated reliably.';
comment on column sales.addresses.state_code is 'The state.';
comment on column sales.addresses.is_main is 'Whether it is the main address: one per customer.';
comment on column sales.addresses.created_at is 'Time of creation; null for old rows, for which it was not recorded.';
comment on column sales.addresses.updated_at is 'Time of the last change; null if never changed.';

create table sales.schedules (
  schedule_id bigint generated by default as identity primary key,
  half_hours int4multirange not null unique check (not isempty(half_hours) and half_hours <@ '{[0,336)}'::int4multirange),
  created_at timestamptz not null default now(),
  updated_at timestamptz
);
comment on table sales.schedules is 'Distinct weekly schedules of orders. The view schedule_ranges shows them readably.';
comment on column sales.schedules.schedule_id is 'Its number.';
comment on column sales.schedules.half_hours is 'Half-hours of the week with deliveries, as ranges: 0 is Monday 00:00 to 00:30, 335 Sunday 23:30 to 24:00.';
comment on column sales.schedules.created_at is 'Time of creation.';
comment on column sales.schedules.updated_at is 'Time of the last change; null if never changed.';

create function sales.half_hours(bits bit) returns int4multirange
language sql immutable parallel safe strict
as $$
  select coalesce(range_agg(int4range(h.n, h.n + 1)), '{}')
  from generate_series(0, length(bits) - 1) as h (n)
  where get_bit(bits, h.n) = 1
$$;
comment on function sales.half_hours(bit) is 'A schedule of one bit for each half-hour of the week, as ranges.';

create function sales.bits(half_hours int4multirange) returns bit(336)
language sql immutable parallel safe strict
as $$
  select string_agg(case when half_hours @> h.n then '1' else '0' end, '' order by h.n)::bit(336)
  from generate_series(0, 335) as h (n)
$$;
comment on function sales.bits(int4multirange) is 'A schedule of ranges, as one bit for each half-hour of the week.';

create view sales.schedule_ranges with (security_invoker = true) as
  select s.schedule_id, d.n + 1 as weekday,
    (array['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])[d.n + 1] as weekday_name,
    time '00:00' + (lower(r.part) - d.n * 48) * interval '30 minutes' as starts_at,
    -- 24:00 for a range until midnight, which time plus interval cannot return
    case when upper(r.part) = d.n * 48 + 48 then time '24:00'
      else time '00:00' + (upper(r.part) - d.n * 48) * interval '30 minutes' end as ends_at
  from sales.schedules as s
  cross join generate_series(0, 6) as d (n)
  cross join lateral unnest(s.half_hours * int4multirange(int4range(d.n * 48, d.n * 48 + 48))) as r (part);
comment on view sales.schedule_ranges is 'Schedules in readable form: weekday (1 is Monday), start and end time.';

create table sales.delivery_scripts (
  script_name text primary key check (script_name ~ '^[a-z][a-z0-9_]*$'),
  checked_as text not null default 'anything' check (checked_as in ('anything', 'email_address', 'api_key')),
  created_at timestamptz not null default now(),
  unique (script_name, checked_as)
);
comment on table sales.delivery_scripts is 'Ways in which leads are delivered.';
comment on column sales.delivery_scripts.script_name is 'Name of the script.';
comment on column sales.delivery_scripts.checked_as is 'Requirement for its arguments: a valid email_address, an API key, or anything.';
comment on column sales.delivery_scripts.created_at is 'Time of creation.';
insert into sales.delivery_scripts (script_name, checked_as)
values ('email_delivery', 'email_address'), ('custom_crm', 'api_key'), ('bulk_delivery', 'anything');

create table sales.orders (
  order_id bigint generated by default as identity primary key,
  customer_id bigint not null references sales.customers (customer_id),
  first_ancestor_id bigint not null,
  schedule_id bigint references sales.schedules (schedule_id),
  -- in PostgreSQL, NaN is greater than any number
  amount numeric(12, 2) not null check (amount >= 0 and amount <> 'NaN'),
  initial_amount numeric(12, 2) not null,
  order_status text not null default 'pending' check (
    order_status in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated')
  ),
  origin text not null default 'application' check (origin in ('application', 'migrated')),
  created_at timestamptz default now(),
  updated_at timestamptz,
  is_root boolean generated always as (order_id = first_ancestor_id) stored,
  ancestor_is_root boolean generated always as (true) stored,
  recreation_id bigint generated always as (
    case when first_ancestor_id <> order_id and origin <> 'migrated' then order_id end
  ) stored check (recreation_id = order_id),
  unique (order_id, customer_id, is_root),
  -- in this column order, because the index also finds the orders of a lineage
  unique (first_ancestor_id, order_id),
  constraint orders_migrated_have_no_time check (origin <> 'migrated' or created_at is null),
  check (order_status <> 'active' or schedule_id is not null),
  -- A root of the same customer, or null. Deferred, so that a lineage can be loaded in any order.
  constraint orders_first_ancestor_is_root foreign key (first_ancestor_id, customer_id, ancestor_is_root)
    references sales.orders (order_id, customer_id, is_root) deferrable initially deferred
)
-- Free space for HOT updates of the status, which need no index update.
with (fillfactor = 90);
create index orders_customer_id on sales.orders (customer_id);
create index orders_first_ancestor on sales.orders (first_ancestor_id, customer_id, ancestor_is_root);
create index orders_schedule_id on sales.orders (schedule_id);
create index orders_recreation_is_written_down
  on sales.orders (recreation_id, first_ancestor_id, customer_id, initial_amount) where recreation_id is not null;
comment on table sales.orders is 'Orders of leads. A recreated order is closed, and a new order of the same lineage continues.';
comment on column sales.orders.order_id is 'Number, the same in every version of this schema.';
comment on column sales.orders.customer_id is 'Who buys.';
comment on column sales.orders.first_ancestor_id is 'First order of its lineage; for the first, the order itself. For reports on lineages; recreations has the predecessor.';
comment on column sales.orders.schedule_id is 'Delivery schedule; null for never.';
comment on column sales.orders.amount is 'Price in US dollars.';
comment on column sales.orders.initial_amount is 'Price at its creation, in US dollars. Set by the database.';
comment on column sales.orders.order_status is 'Current status; order_status_changes has its history.';
comment on column sales.orders.origin is 'application; or migrated, for an order without a recorded recreation. Only the owner writes migrated.';
comment on column sales.orders.created_at is 'Time of creation; null for old rows, for which it was not recorded.';
comment on column sales.orders.updated_at is 'Time of the last change; null if never changed.';
comment on column sales.orders.is_root is 'Whether it is the first of its lineage.';
comment on column sales.orders.ancestor_is_root is 'Always true: part of the reference to the first ancestor.';
comment on column sales.orders.recreation_id is 'Its number if it must have a row in recreations: a recreation that was not migrated.';

create function sales.begin_lineage() returns trigger
language plpgsql
as $$
begin
  new.first_ancestor_id := new.order_id;
  return new;
end
$$;
comment on function sales.begin_lineage() is 'An order without a first ancestor starts a lineage.';
create trigger begin_lineage before insert on sales.orders
  for each row when (new.first_ancestor_id is null) execute function sales.begin_lineage();

-- Applications choose neither the initial amount nor the origin; corrections by the owner set them.
create function sales.keep_origin() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    new.initial_amount := new.amount;
    if new.origin <> 'migrated' then
      return new;
    end if;
  end if;
  if not sales.may_correct(tg_relid) then
    raise check_violation using
      message = 'the origin and the initial amount of an order are set by the database',
      hint = 'a recreation needs its row in sales.recreations: use sales.recreate';
  end if;
  return new;
end
$$;
comment on function sales.keep_origin() is 'Sets the initial amount of an order, and rejects another origin.';
create trigger keep_origin before insert on sales.orders for each row execute function sales.keep_origin();
alter table sales.orders enable always trigger keep_origin;
create trigger keep_origin_later before update of origin, initial_amount on sales.orders
  for each row when (old.origin <> new.origin or old.initial_amount <> new.initial_amount)
  execute function sales.keep_origin();
alter table sales.orders enable always trigger keep_origin_later;

create table sales.recreations (
  order_id bigint primary key,
  first_ancestor_id bigint not null,
  -- numbers grow, so that predecessors make no cycle
  predecessor_id bigint not null check (predecessor_id < order_id),
  business_day date not null default sales.business_day(now()),
  customer_id bigint not null,
  entry_number bigint not null,
  balance numeric(18, 2) not null check (balance <> 'NaN'),
  amount numeric(12, 2) not null check (amount >= 0 and amount <> 'NaN'),
  created_at timestamptz not null default now(),
  -- the business rule
  constraint recreations_balance_covers_amount check (balance > amount),
  constraint recreations_not_of_root check (order_id <> first_ancestor_id),
  constraint recreations_once_a_day unique (first_ancestor_id, business_day),
  -- the lineage is the predecessor's, so this is one successor per predecessor
  constraint recreations_one_successor unique (predecessor_id, first_ancestor_id),
  -- a run that begins before midnight may end after it
  constraint recreations_day check (
    business_day between sales.business_day(created_at) - 1 and sales.business_day(created_at)
  ),
  -- both in one lineage
  constraint recreations_order foreign key (order_id, first_ancestor_id)
    references sales.orders (order_id, first_ancestor_id) deferrable initially deferred,
  constraint recreations_predecessor foreign key (predecessor_id, first_ancestor_id)
    references sales.orders (order_id, first_ancestor_id) deferrable initially deferred,
  constraint recreations_balance_is_in_ledger foreign key (customer_id, entry_number, balance)
    references sales.ledger_entries (customer_id, entry_number, balance_after),
  -- for the order's reference
  constraint recreations_as_ordered unique (order_id, first_ancestor_id, customer_id, amount)
);
create index recreations_balance_is_in_ledger on sales.recreations (customer_id, entry_number, balance);
comment on table sales.recreations is 'Recreations of orders, with the balance that allowed them.';
comment on column sales.recreations.order_id is 'The new order.';
comment on column sales.recreations.first_ancestor_id is 'First ancestor of both orders.';
comment on column sales.recreations.predecessor_id is 'The recreated order, which has no other successor.';
comment on column sales.recreations.business_day is 'Business day: one recreation per lineage. That of its time, or the day before it for a run across midnight.';
comment on column sales.recreations.customer_id is 'Customer of both orders.';
comment on column sales.recreations.entry_number is 'The ledger entry that the balance was read from.';
comment on column sales.recreations.balance is 'Balance of the customer after that entry, in US dollars.';
comment on column sales.recreations.amount is 'Initial amount of the new order, in US dollars.';
comment on column sales.recreations.created_at is 'When. Set by the database.';

-- References alone would allow the balance of an earlier entry, and a record that is dated back to a day without one.
-- Locks the customer's row, so that the balance stays until the end of the transaction.
create function sales.record_now() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if sales.may_correct(tg_relid) then
    return new;
  end if;
  new.created_at := now();
  perform from sales.customers as c
  where c.customer_id = new.customer_id and c.entry_number = new.entry_number
  for no key update;
  if not found then
    raise check_violation using
      message = format('entry %s is not the last ledger entry of customer %s', new.entry_number, new.customer_id);
  end if;
  if exists (
    select from sales.recreations as r
    where r.first_ancestor_id = new.first_ancestor_id and r.business_day > new.business_day
  ) then
    raise check_violation using
      message = format('lineage %s was recreated on a later day than %s', new.first_ancestor_id, new.business_day);
  end if;
  return new;
end
$$;
comment on function sales.record_now() is 'Sets the time of a recreation, and rejects an outdated balance or day.';
create trigger record_now before insert on sales.recreations for each row execute function sales.record_now();
alter table sales.recreations enable always trigger record_now;

-- The record has the order's lineage, customer and amount.
alter table sales.orders add constraint orders_recreation_is_written_down
  foreign key (recreation_id, first_ancestor_id, customer_id, initial_amount)
  references sales.recreations (order_id, first_ancestor_id, customer_id, amount) deferrable initially deferred;

create table sales.order_status_changes (
  order_id bigint not null references sales.orders (order_id),
  change_number bigint not null check (change_number > 0),
  status_before text not null check (
    status_before in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated')
  ),
  status_after text not null check (
    status_after in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated')
  ),
  created_at timestamptz not null default now(),
  primary key (order_id, change_number),
  check (status_before <> status_after)
);
comment on table sales.order_status_changes is 'Every change of an order''s status, in order, written by the database.';
comment on column sales.order_status_changes.order_id is 'Order of the status.';
comment on column sales.order_status_changes.change_number is 'Counts the changes of an order from 1 without gaps.';
comment on column sales.order_status_changes.status_before is 'What it was.';
comment on column sales.order_status_changes.status_after is 'What it became.';
comment on column sales.order_status_changes.created_at is 'When.';

create function sales.write_status_change() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into sales.order_status_changes (order_id, change_number, status_before, status_after)
  select new.order_id, coalesce(max(h.change_number), 0) + 1, old.order_status, new.order_status
  from sales.order_status_changes as h
  where h.order_id = new.order_id;
  return null;
end
$$;
comment on function sales.write_status_change() is 'Records a change of an order''s status.';
create trigger write_status_change after update of order_status on sales.orders
  for each row when (old.order_status is distinct from new.order_status) execute function sales.write_status_change();
alter table sales.orders enable always trigger write_status_change;

create function sales.insert_only() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if sales.may_correct(tg_relid) then
    return case tg_op when 'DELETE' then old else new end;
  end if;
  raise restrict_violation using
    message = format('rows of %s cannot be changed or deleted', tg_relid::regclass),
    hint = case tg_table_name
      when 'ledger_entries' then 'correct an entry by another one: insert into sales.ledger_entries (customer_id, amount, reason) values (...)'
      when 'order_status_changes' then 'the database adds a row when orders.order_status changes'
      else 'sales.recreate adds a row'
    end;
end
$$;
comment on function sales.insert_only() is 'Rejects changes of records that are only inserted.';
create function sales.written_by_database() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if sales.may_correct(tg_relid) then
    return new;
  end if;
  raise restrict_violation using
    message = format('rows of %s are written by the database', tg_relid::regclass),
    hint = 'it adds a row when orders.order_status changes';
end
$$;
comment on function sales.written_by_database() is 'Rejects a history that an application writes itself.';
create trigger written_by_database before insert on sales.order_status_changes
  for each row when (pg_trigger_depth() = 0) execute function sales.written_by_database();
alter table sales.order_status_changes enable always trigger written_by_database;
do $$
declare
  tab text;
begin
  foreach tab in array array['ledger_entries', 'recreations', 'order_status_changes'] loop
    execute format(
      'create trigger insert_only before update or delete on sales.%I for each row execute function sales.insert_only()', tab
    );
    execute format(
      'create trigger insert_only_all before truncate on sales.%I for each statement execute function sales.insert_only()', tab
    );
    execute format('alter table sales.%I enable always trigger insert_only', tab);
    execute format('alter table sales.%I enable always trigger insert_only_all', tab);
  end loop;
end
$$;

-- Return whether JSON has a key that equals apikey in lower case without - and _, with a non-empty text.
create function sales.finds_api_key(args jsonb) returns boolean
language sql immutable parallel safe
as $$
  select coalesce(bool_or(jsonb_typeof(m.value) = 'string' and m.value <> '""'), false)
  from jsonb_each(case when jsonb_typeof(args) = 'object' then args else '{}' end) as m
  where translate(lower(m.key), '-_', '') = 'apikey'
$$;
comment on function sales.finds_api_key(jsonb) is 'Whether arguments contain an API key or a reference to one.';
-- Usual names first, which need no search.
create function sales.has_api_key(args jsonb) returns boolean
language sql immutable parallel safe
return case
  when jsonb_typeof(args -> 'api_key') = 'string' and args ->> 'api_key' <> '' then true
  when jsonb_typeof(args -> 'api-key') = 'string' and args ->> 'api-key' <> '' then true
  else sales.finds_api_key(args)
end;
comment on function sales.has_api_key(jsonb) is 'Whether arguments contain an API key or a reference to one.';

create function sales.args_fit(args jsonb, checked_as text) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return case checked_as
    when 'email_address' then coalesce(jsonb_typeof(args -> 'email_address') = 'string' and sales.is_email(args ->> 'email_address'), false)
    when 'api_key' then sales.has_api_key(args)
    else true
  end;
end
$$;
comment on function sales.args_fit(jsonb, text) is 'Whether arguments meet the requirement of their script.';

create table sales.order_deliveries (
  order_id bigint primary key references sales.orders (order_id) on delete cascade,
  script_name text not null,
  checked_as text not null default 'anything',
  args jsonb check (jsonb_typeof(args) = 'object'),
  created_at timestamptz default now(),
  updated_at timestamptz,
  constraint order_deliveries_script foreign key (script_name, checked_as)
    references sales.delivery_scripts (script_name, checked_as) on update cascade,
  constraint order_deliveries_args_fit_script check (sales.args_fit(args, checked_as)),
  constraint order_deliveries_args_hold_no_secret check (not sales.holds_secret(args))
);
create index order_deliveries_script on sales.order_deliveries (script_name, checked_as);
comment on table sales.order_deliveries is 'How the leads of an order are delivered; an order without a row here delivers none.';
comment on column sales.order_deliveries.order_id is 'Whose leads.';
comment on column sales.order_deliveries.script_name is 'By which script.';
comment on column sales.order_deliveries.checked_as is 'Requirement for its arguments, from delivery_scripts. Set by the database.';
comment on column sales.order_deliveries.args is 'Arguments for the script, with references to secrets. The database moves secrets that are written here.';
comment on column sales.order_deliveries.created_at is 'Time of creation; null for old rows, for which it was not recorded.';
comment on column sales.order_deliveries.updated_at is 'Time of the last change; null if never changed.';

create table sales_private.delivery_secrets (
  secret_id bigint generated by default as identity primary key,
  order_id bigint not null references sales.orders (order_id) on delete cascade,
  secret text not null check (secret <> ''),
  created_at timestamptz not null default now(),
  updated_at timestamptz
);
create index delivery_secrets_order_id on sales_private.delivery_secrets (order_id);
comment on table sales_private.delivery_secrets is 'Secrets of deliveries: secret-ref:sales/7 in arguments is the one numbered 7.';
comment on column sales_private.delivery_secrets.secret_id is 'Its number.';
comment on column sales_private.delivery_secrets.order_id is 'Order of the delivery.';
comment on column sales_private.delivery_secrets.secret is 'The secret.';
comment on column sales_private.delivery_secrets.created_at is 'Time of creation.';
comment on column sales_private.delivery_secrets.updated_at is 'Time of the last change; null if never changed.';

create table sales_private.delivery_originals (
  order_id bigint primary key references sales.orders (order_id) on delete cascade,
  args_text text not null check (args_text::json is not null),
  created_at timestamptz not null default now()
);
comment on table sales_private.delivery_originals is 'Original texts of delivery arguments, secrets included, for the old view.';
comment on column sales_private.delivery_originals.order_id is 'Whose delivery.';
comment on column sales_private.delivery_originals.args_text is 'The text, which is JSON.';
comment on column sales_private.delivery_originals.created_at is 'Time of creation.';

-- Return arguments with a stored secret's reference in place of each secret.
create function sales_private.put_away(of_order bigint, args jsonb) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  member record;
  kept bigint;
begin
  if jsonb_typeof(args) = 'object' then
    for member in select m.key, m.value from jsonb_each(args) as m loop
      if jsonb_typeof(member.value) = 'string' then
        if sales.is_secret_name(member.key) and member.value #>> '{}' <> ''
          and not sales.is_secret_reference(member.value #>> '{}') then
          insert into sales_private.delivery_secrets (order_id, secret)
          values (of_order, member.value #>> '{}')
          returning secret_id into kept;
          args := jsonb_set(args, array[member.key], to_jsonb('secret-ref:sales/' || kept));
        end if;
      elsif jsonb_typeof(member.value) in ('object', 'array') then
        args := jsonb_set(args, array[member.key], sales_private.put_away(of_order, member.value));
      end if;
    end loop;
  elsif jsonb_typeof(args) = 'array' then
    select coalesce(jsonb_agg(sales_private.put_away(of_order, e.value) order by e.number), '[]') into args
    from jsonb_array_elements(args) with ordinality as e (value, number);
  end if;
  return args;
end
$$;
comment on function sales_private.put_away(bigint, jsonb) is 'Stores the secrets of arguments, and returns arguments with references.';

-- Return the text of arguments with the order's secrets in place of references.
create function sales_private.with_secrets(of_order bigint, args jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  kept record;
  words text := args::text;
begin
  if strpos(words, '"secret-ref:sales/') = 0 then
    return words;
  end if;
  for kept in
    select s.secret_id, s.secret from sales_private.delivery_secrets as s where s.order_id = of_order order by s.secret_id
  loop
    -- with its quotes, so that 7 does not match 77
    words := replace(words, to_json('secret-ref:sales/' || kept.secret_id)::text, to_json(kept.secret)::text);
  end loop;
  return words;
end
$$;
comment on function sales_private.with_secrets(bigint, jsonb) is 'Arguments as text, with secrets instead of references to them.';

-- Equal JSON keeps its original text.
create function sales.receive_args() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  said text;
begin
  if tg_op = 'UPDATE' and new.order_id <> old.order_id then
    raise feature_not_supported using
      message = 'a delivery cannot move to another order, because its secrets belong to the order', hint = 'delete it, and insert another';
  end if;
  select s.checked_as into new.checked_as from sales.delivery_scripts as s where s.script_name = new.script_name;
  if tg_op = 'UPDATE' and new.args is not distinct from old.args then
    return new;
  end if;
  if new.args is null then
    if tg_op = 'UPDATE' then
      delete from sales_private.delivery_originals as o where o.order_id = new.order_id;
      delete from sales_private.delivery_secrets as s where s.order_id = new.order_id;
    end if;
    return new;
  end if;
  said := new.args::text;
  if strpos(said, '"secret-ref:sales/') > 0 then
    said := sales_private.with_secrets(new.order_id, new.args);
  end if;
  -- a comparison is cheaper than an insert with a conflict
  if not exists (
    select from sales_private.delivery_originals as o where o.order_id = new.order_id and o.args_text::jsonb = said::jsonb
  ) then
    insert into sales_private.delivery_originals as o (order_id, args_text) values (new.order_id, said)
    on conflict (order_id) do update set args_text = excluded.args_text;
  end if;
  if sales.holds_secret(new.args) then
    new.args := sales_private.put_away(new.order_id, new.args);
  end if;
  if tg_op = 'UPDATE' then
    -- without a reference to it
    delete from sales_private.delivery_secrets as s
    where s.order_id = new.order_id and strpos(new.args::text, '"secret-ref:sales/' || s.secret_id || '"') = 0;
  end if;
  return new;
end
$$;
comment on function sales.receive_args() is 'Moves the secrets of a delivery''s arguments to the private schema.';
create trigger receive_args before insert or update on sales.order_deliveries
  for each row execute function sales.receive_args();
alter table sales.order_deliveries enable always trigger receive_args;

create function sales.forget_args() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from sales_private.delivery_originals as o where o.order_id = old.order_id;
  delete from sales_private.delivery_secrets as s where s.order_id = old.order_id;
  return null;
end
$$;
comment on function sales.forget_args() is 'Deletes the stored secrets and original of a delivery''s arguments.';
create trigger forget_args after delete on sales.order_deliveries
  for each row execute function sales.forget_args();
alter table sales.order_deliveries enable always trigger forget_args;

-- The last order of each lineage, if it is live and the balance exceeds its amount. The job leaves lineages that it has
-- recreated on its day.
create view sales.orders_due with (security_invoker = true) as
  select o.order_id, o.customer_id, o.first_ancestor_id, o.amount, c.balance
  from sales.orders as o
  join sales.customers as c on c.customer_id = o.customer_id
  where o.order_status in ('pending', 'active', 'paused') and c.balance > o.amount
    and not exists (
      select from sales.orders as later
      where later.first_ancestor_id = o.first_ancestor_id and later.order_id > o.order_id
    );
comment on view sales.orders_due is 'Orders that the next nightly job recreates: the last of a lineage, live, and covered by the balance.';

-- A separate function: during the migration, `prepare` replaces it to lock old rows, too.
create function sales.hold_customer(the_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from sales.customers as c where c.customer_id = the_id for no key update;
end
$$;
comment on function sales.hold_customer(bigint) is 'Locks a customer until the end of the transaction.';

-- With the owner's privileges, because it copies secrets.
create function sales.recreate(old_order_id bigint, the_day date default sales.business_day(now())) returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  due record;
  made bigint;
begin
  -- locks the balance
  perform sales.hold_customer((select o.customer_id from sales.orders as o where o.order_id = old_order_id));
  select d.customer_id, d.first_ancestor_id, d.amount, d.balance, c.entry_number into due
  from sales.orders_due as d
  join sales.customers as c on c.customer_id = d.customer_id
  where d.order_id = old_order_id
    and not exists (
      select from sales.recreations as r where r.first_ancestor_id = d.first_ancestor_id and r.business_day >= the_day
    );
  if not found then
    return null;
  end if;
  insert into sales.orders (customer_id, first_ancestor_id, schedule_id, amount, order_status)
  select o.customer_id, o.first_ancestor_id, o.schedule_id, o.amount, o.order_status
  from sales.orders as o where o.order_id = old_order_id
  returning order_id into made;
  insert into sales.recreations (
    order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount
  )
  values (
    made, due.first_ancestor_id, old_order_id, the_day, due.customer_id, due.entry_number, due.balance, due.amount
  );
  insert into sales.order_deliveries (order_id, script_name, args)
  select made, d.script_name, sales_private.with_secrets(old_order_id, d.args)::jsonb
  from sales.order_deliveries as d where d.order_id = old_order_id;
  update sales.orders as o set order_status = 'recreated' where o.order_id = old_order_id;
  return made;
end
$$;
comment on function sales.recreate(bigint, date) is 'Recreates an order that is due on a business day; returns the new number, or null if it is not due.';
revoke all on function sales.recreate(bigint, date) from public;

-- Two runs meet at a customer's row: the second waits, and then finds nothing due. So neither can deadlock, and each
-- order is recreated once.
create function sales.recreate_for_customer(the_id bigint, the_day date) returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  order_number bigint;
  made bigint := 0;
begin
  perform sales.hold_customer(the_id);
  for order_number in
    select d.order_id from sales.orders_due as d where d.customer_id = the_id order by d.order_id
  loop
    if sales.recreate(order_number, the_day) is not null then
      made := made + 1;
    end if;
  end loop;
  return made;
end
$$;
comment on function sales.recreate_for_customer(bigint, date) is 'Recreates the orders of a customer that are due on a business day; returns their number.';
revoke all on function sales.recreate_for_customer(bigint, date) from public;

-- The job. Without `set` clauses and without the owner's privileges, since either forbids commit; so names are
-- qualified. A failure skips its customer, and is raised at the end.
create procedure sales.recreate_due(the_day date default sales.business_day(now()))
language plpgsql
as $$
declare
  customers bigint[];
  customer bigint;
  failed bigint := 0;
  said text;
begin
  if the_day is null
    or the_day not between sales.business_day(pg_catalog.now()) - 1 and sales.business_day(pg_catalog.now()) then
    raise invalid_parameter_value using
      message = pg_catalog.format('%s is neither the present business day nor the one before', coalesce(the_day::text, 'null')),
      hint = pg_catalog.format('the present business day is %s', sales.business_day(pg_catalog.now()));
  end if;
  customers := array(select distinct d.customer_id from sales.orders_due as d order by d.customer_id);
  foreach customer in array customers loop
    begin
      perform sales.recreate_for_customer(customer, the_day);
    exception
      when others then
        failed := failed + 1;
        said := sqlerrm;
        raise warning 'customer %: %', customer, said;
    end;
    commit;
  end loop;
  if failed > 0 then
    raise exception 'the orders of % of % customers were not recreated; the last error: %',
      failed, cardinality(customers), said
      using hint = 'the others are committed: run it again';
  end if;
end
$$;
comment on procedure sales.recreate_due(date) is 'The nightly job: recreates all due orders once for a business day, and commits each customer.';
revoke all on procedure sales.recreate_due(date) from public;

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
  delete from sales.orders as o where o.order_id = any(ids);
end
$$;
comment on function sales_private.erase_orders(bigint[]) is 'Deletes orders with their records, for the owner.';
revoke all on function sales_private.erase_orders(bigint[]) from public;

create function sales.touch() returns trigger
language plpgsql
as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function sales.touch() is 'Records the time of a change.';
do $$
declare
  tab text;
begin
  foreach tab in array array[
    'sales.customers', 'sales.contacts', 'sales.addresses', 'sales.schedules', 'sales.orders', 'sales.order_deliveries',
    'sales_private.delivery_secrets'
  ] loop
    execute format(
      'create trigger touch before update on %s for each row execute function sales.touch()',
      tab
    );
  end loop;
end
$$;

commit;
