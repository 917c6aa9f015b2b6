-- A part of prepare.sql, which runs it once.
-- What old applications read letter by letter, and the new tables have in another form: schedules as bits, and the
-- arguments of deliveries with their secrets. Kept until retire.

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
  where d.customer_id = new.customer_id and sales_private.refers_to(d.args, new.secret_id)
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
comment on table sales_old.null_args is
  'Orders without a delivery for which old applications read JSON null as arguments.';
comment on column sales_old.null_args.order_id is 'Which order.';

-- Return the arguments that old applications read from now on; sales_old.hide_secrets replaces it.
create function sales_old.shown(of_customer bigint, arguments json) returns json
language sql
as $$
  select arguments
$$;
comment on function sales_old.shown(bigint, json) is
  'Arguments as old applications read them again; without secrets once these are hidden.';

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
comment on function sales_old.delivery(bigint, text, json, boolean) is
  'The number of a delivery with the arguments of an old application.';
