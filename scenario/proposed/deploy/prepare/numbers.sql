-- A part of prepare.sql, which runs it once.
-- Both sides take their numbers from the old sequences, because old applications use their names, until retire.

-- One function for each sequence: as its dependent, it follows a renaming, and keeps the sequence from being dropped.
do $$
declare
  part record;
begin
  for part in
    select t.tab, t.id, pg_get_serial_sequence('public.' || t.tab, t.id) as sequence
    from (values ('customers', 'customer_id'), ('orders', 'order_id')) as t (tab, id)
  loop
    execute format(
      'create function sales_old.next_%s() returns bigint language sql return nextval(%L::regclass)', part.id, part.sequence
    );
    execute format(
      'comment on function sales_old.next_%s() is %L', part.id, 'The next number of the old sequence, for both sides.'
    );
    -- a number without an explicit value is from a range that no row can have
    execute format('alter table sales.%I alter column %I restart with 4611686018427387904', part.tab, part.id);
  end loop;
end
$$;
create function sales_old.give_id() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_table_name = 'orders' then
    new.order_id := sales_old.next_order_id();
  else
    new.customer_id := sales_old.next_customer_id();
  end if;
  return new;
end
$$;
comment on function sales_old.give_id() is
  'Gives a row the next number of the old sequence, which old applications name.';
create trigger a_give_id before insert on sales.customers
  for each row when (new.customer_id >= 4611686018427387904) execute function sales_old.give_id();
create trigger a_give_id before insert on sales.orders
  for each row when (new.order_id >= 4611686018427387904) execute function sales_old.give_id();
alter table sales.customers enable always trigger a_give_id;
alter table sales.orders enable always trigger a_give_id;

create view migration.old_sequences as
  select t.tab, t.id, d.refobjid::regclass as sequence
  from (values ('customers', 'customer_id'), ('orders', 'order_id')) as t (tab, id)
  join pg_catalog.pg_depend as d on d.classid = 'pg_catalog.pg_proc'::regclass
    and d.objid = to_regprocedure(format('sales_old.next_%s()', t.id)) and d.refclassid = 'pg_catalog.pg_class'::regclass
  join pg_catalog.pg_class as c on c.oid = d.refobjid and c.relkind = 'S';

-- Let the sequences continue after numbers of a schema's tables that were inserted without them.
create function migration.advance_sequences(of_schema text) returns void
language plpgsql
as $$
declare
  part record;
begin
  for part in select s.tab, s.id, s.sequence from migration.old_sequences as s loop
    execute format(
      'select setval(%L::regclass, m.most) from %s as s, (select max(t.%I) as most from %I.%I as t) as m'
        ' where m.most > s.last_value',
      part.sequence, part.sequence, part.id, of_schema, part.tab
    );
  end loop;
end
$$;
