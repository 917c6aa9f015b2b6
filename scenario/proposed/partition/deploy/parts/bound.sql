-- A part of partition.sql. Can be run again: it sets the bound again.
-- The bound of the first partition: a multiple of the partition size, at least a tenth of it above all numbers given.

do $$
declare
  blocking text;
begin
  if to_regclass('sales.orders') is null then
    raise exception 'the schema sales does not exist: expand and the other steps come first';
  elsif to_regclass('migration.step') is not null then
    raise exception 'the old tables are still there: contract comes first';
  elsif to_regnamespace('sales_old') is not null or exists (
    select from pg_catalog.pg_constraint as k
    where k.conrelid = 'sales.orders'::regclass and k.conname = 'orders_fit_old_columns'
  ) then
    raise exception 'the views for old applications are still there: retire comes first';
  -- expand alone leaves an identity that starts with 1
  elsif exists (
    select from pg_catalog.pg_class as c where c.oid = to_regclass('public.orders') and c.relkind in ('r', 'p')
  ) and exists (
    select from pg_catalog.pg_sequence as s
    where s.seqrelid = to_regclass('sales.orders_order_id_seq') and s.seqstart = 1
  ) then
    raise exception 'the old tables are not migrated: the steps up to retire come first';
  elsif exists (
    select from pg_catalog.pg_class as c where c.oid = 'sales.orders'::regclass and c.relkind = 'p'
  ) and exists (
    select from pg_catalog.pg_constraint as k where k.conrelid = 'sales.orders'::regclass and k.confrelid = k.conrelid
  ) then
    raise exception 'sales.orders is partitioned already: nothing to do';
  elsif exists (
    select from pg_catalog.pg_class as c where c.oid = 'sales.orders'::regclass and c.relkind = 'p'
  ) then
    return;  -- the last part was interrupted
  end if;
  select string_agg(b.name, '; ' order by b.name) into blocking from pg_temp.orders_blocks as b;
  if blocking is not null then
    raise exception 'these stop the partitioning of sales.orders: %', blocking
      using hint = 'drop them, and create what is still needed on the partitioned table';
  end if;
end
$$;

-- Enforced for new rows at once, so that no number reaches the bound meanwhile.
do $$
declare
  size bigint := coalesce(nullif(current_setting('sales.partition_numbers', true), ''), '10000000');
  greatest_number bigint;
  bound numeric;
begin
  if (select c.relkind from pg_catalog.pg_class as c where c.oid = 'sales.orders'::regclass) = 'p' then
    return;
  elsif size < 1000 then
    raise exception 'sales.partition_numbers is %: the least size of a partition is 1000', size;
  end if;
  lock table sales.orders in access exclusive mode;
  select greatest(
    (select max(o.order_id) from sales.orders as o),
    (select s.last_value from sales.orders_order_id_seq as s)
  ) into greatest_number;
  bound := (div(greatest_number::numeric + div(size::numeric, 10), size::numeric) + 1) * size;
  if bound + 2 * size::numeric > 9223372036854775807 then
    raise exception 'the greatest number of an order is %: it leaves no numbers for another partition', greatest_number;
  end if;
  if exists (
    select from pg_catalog.pg_constraint as k
    where k.conrelid = 'sales.orders'::regclass and k.conname = 'orders_in_first_partition'
  ) then
    alter table sales.orders drop constraint orders_in_first_partition;
  end if;
  execute format(
    'alter table sales.orders add constraint orders_in_first_partition check (order_id < %s) not valid', bound
  );
end
$$;

-- Reads the table once; blocks neither reads nor writes.
do $$
begin
  if exists (
    select from pg_catalog.pg_constraint as k
    where k.conrelid = 'sales.orders'::regclass and k.conname = 'orders_in_first_partition' and not k.convalidated
  ) then
    alter table sales.orders validate constraint orders_in_first_partition;
  end if;
end
$$;
