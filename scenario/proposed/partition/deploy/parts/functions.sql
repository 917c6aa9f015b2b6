-- A part of partition.sql, which runs it in a transaction. Can be run again.
-- Partitions for later numbers.

create or replace view sales_private.order_partitions with (security_invoker = true) as
  select c.relname::text as partition_name,
    substring(b.bound from 'FROM [(]''?(-?[0-9]+)')::bigint as first_number,
    substring(b.bound from 'TO [(]''?(-?[0-9]+)')::bigint as end_number,
    pg_table_size(c.oid) as table_bytes, pg_indexes_size(c.oid) as index_bytes
  from pg_inherits as i
  join pg_class as c on c.oid = i.inhrelid
  cross join lateral (select pg_get_expr(c.relpartbound, c.oid) as bound) as b
  where i.inhparent = to_regclass('sales.orders') and b.bound <> 'DEFAULT';
comment on view sales_private.order_partitions is
  'Partitions of orders: from the first number, null for the first partition, up to but not including the end number.';

create or replace function sales_private.numbers_left() returns bigint
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select max(p.end_number) - s.last_value - case when s.is_called then 1 else 0 end
  from sales_private.order_partitions as p
  cross join sales.orders_order_id_seq as s
  group by s.last_value, s.is_called
$$;
comment on function sales_private.numbers_left() is
  'How many numbers of orders remain until the end of the last partition.';
revoke all on function sales_private.numbers_left() from public;

-- With the owner's privileges, so that a job's role may be allowed to call it. Attaching a finished table blocks readers
-- and writers for some milliseconds, because the default partition changes its bounds. All locks that it takes are taken
-- within one lock timeout, so that those who wait for the first wait no longer.
create or replace function sales_private.add_partition(numbers bigint default null) returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
declare
  last record;
  part record;
  made text;
  ends timestamptz;
begin
  -- an autovacuum ends for it, as for the steps
  perform set_config('deadlock_timeout', '20ms', true) where has_parameter_privilege('deadlock_timeout', 'set');
  -- conflicts with itself: a second call waits, and then finds nothing to do
  lock table sales.orders in share update exclusive mode;
  select p.partition_name, p.first_number, p.end_number into last
  from sales_private.order_partitions as p order by p.end_number desc limit 1;
  numbers := coalesce(numbers, last.end_number - last.first_number);
  if numbers is null or numbers < 1000 then
    raise invalid_parameter_value using message = 'the least size of a partition is 1000 numbers';
  elsif last.end_number > 9223372036854775807 - numbers then
    raise exception 'no numbers remain for another partition';
  end if;
  -- the last partition is still unused, with all its numbers
  if last.first_number is not null and sales_private.numbers_left() >= last.end_number - last.first_number then
    return null;
  end if;
  made := 'orders_' || (substring(last.partition_name from '[0-9]+$')::bigint + 1);
  execute format(
    'create table sales.%I (like sales.orders including defaults including constraints including generated'
      ' including storage including compression including statistics including comments)', made
  );
  execute format('comment on table sales.%I is %L', made, format(
    'Orders numbered from %s to %s: a partition of orders.', last.end_number, last.end_number + numbers - 1
  ));
  for part in
    select o.option as name from pg_class as c cross join lateral unnest(c.reloptions) as o (option)
    where c.oid = format('sales.%I', last.partition_name)::regclass
  loop
    execute format('alter table sales.%I set (%s)', made, part.name);
  end loop;
  -- partitions are read through sales.orders only: its privileges decide
  for part in
    select distinct case when g.grantee = 0 then 'public' else format('%I', pg_get_userbyid(g.grantee)) end as name
    from pg_class as c cross join lateral aclexplode(c.relacl) as g
    where c.oid = format('sales.%I', made)::regclass and g.grantee <> c.relowner
  loop
    execute format('revoke all on sales.%I from %s cascade', made, part.name);
  end loop;
  ends := clock_timestamp() + interval '200 milliseconds';
  for part in
    select 1 as place, 'sales.orders'::regclass as name, 'share row exclusive' as how
    union all
    select 2, c.oid::regclass,
      case pg_get_expr(c.relpartbound, c.oid) when 'DEFAULT' then 'access exclusive' else 'share row exclusive' end
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = 'sales.orders'::regclass
    union
    select 3, o.tab::regclass, 'share row exclusive'
    from pg_constraint as k
    cross join lateral unnest(array[k.conrelid, k.confrelid]) as o (tab)
    where k.contype = 'f' and k.conparentid = 0 and 'sales.orders'::regclass in (k.conrelid, k.confrelid)
      and o.tab <> 'sales.orders'::regclass
    order by place, name
  loop
    execute format('lock table only %s in %s mode', part.name, part.how);
    perform set_config(
      'lock_timeout', greatest(1, floor(extract(epoch from ends - clock_timestamp()) * 1000))::text, true
    );
  end loop;
  execute format(
    'alter table sales.orders attach partition sales.%I for values from (%s) to (%s)',
    made, last.end_number, last.end_number + numbers
  );
  return made;
end
$$;
comment on function sales_private.add_partition(bigint) is
  'Adds a partition of orders, of this many numbers or as large as the last one, once the last one is in use; '
  'returns its name, or null if none is needed.';
revoke all on function sales_private.add_partition(bigint) from public;

create or replace function sales_private.beyond_partitions() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise check_violation using
    message = format('no partition of sales.orders has the number %s', new.order_id),
    hint = 'select sales_private.add_partition() adds the next one';
end
$$;
comment on function sales_private.beyond_partitions() is 'Rejects orders beyond the last partition, with a hint.';
