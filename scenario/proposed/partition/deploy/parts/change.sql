-- A part of partition.sql, which runs it once, in a transaction.
-- The present table becomes the first partition of a new one. The constraint proves its bound, and it has each index and
-- foreign key already, so that nothing is read.

create temporary table orders_parts (part text, name text, statement text, drop text) on commit drop;
do $$
declare
  each record;
  bound bigint;
  numbers record;
  blocking text;
begin
  if (select c.relkind from pg_class as c where c.oid = 'sales.orders'::regclass) = 'p' then
    return;
  end if;
  perform pg_temp.lock_orders();
  select string_agg(b.name, '; ' order by b.name) into blocking from pg_temp.orders_blocks as b;
  if blocking is not null then
    raise exception 'these stop the partitioning of sales.orders: %', blocking
      using hint = 'drop them, and create what is still needed on the partitioned table';
  end if;
  select substring(pg_get_constraintdef(k.oid) from '([0-9]+)')::bigint into bound
  from pg_constraint as k
  where k.conrelid = 'sales.orders'::regclass and k.conname = 'orders_in_first_partition' and k.convalidated;
  if bound is null then
    raise exception 'the bound of the first partition is not validated: run partition.sql from its beginning';
  end if;
  insert into orders_parts select d.part, d.name, d.statement, d.drop from pg_temp.orders_definition as d;

  for each in select p.drop from orders_parts as p where p.part in ('key of others', 'own key', 'trigger') loop
    execute each.drop;
  end loop;
  -- The identity moves to the new table, with its numbers: PostgreSQL 17 refuses partitions with one of their own.
  select a.attidentity, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, v.last_value, v.is_called
  into numbers
  from pg_attribute as a, pg_sequence as s, sales.orders_order_id_seq as v
  where a.attrelid = 'sales.orders'::regclass and a.attname = 'order_id'
    and s.seqrelid = 'sales.orders_order_id_seq'::regclass;
  alter table sales.orders alter column order_id drop identity;

  alter table sales.orders rename to orders_1;
  for each in select p.name from orders_parts as p where p.part = 'index' loop
    execute format(
      'alter index sales.%I rename to %I', each.name, 'orders_1_' || regexp_replace(each.name, '^orders_', '')
    );
  end loop;
  create table sales.orders (
    like sales.orders_1 including defaults including constraints including generated including storage
      including compression including statistics including comments
  ) partition by range (order_id);
  alter table sales.orders drop constraint orders_in_first_partition;
  execute format(
    'alter table sales.orders owner to %I',
    (select pg_get_userbyid(c.relowner) from pg_class as c where c.oid = 'sales.orders_1'::regclass)
  );
  execute format(
    'alter table sales.orders alter column order_id add generated %s as identity (sequence name sales.orders_order_id_seq'
      ' start with %s increment by %s minvalue %s maxvalue %s cache %s %s)',
    case numbers.attidentity when 'a' then 'always' else 'by default' end, numbers.seqstart, numbers.seqincrement,
    numbers.seqmin, numbers.seqmax, numbers.seqcache, case when numbers.seqcycle then 'cycle' else 'no cycle' end
  );
  perform setval('sales.orders_order_id_seq', numbers.last_value, numbers.is_called);

  for each in select p.statement from orders_parts as p where p.part in ('index', 'key') order by p.part, p.name loop
    execute each.statement;
  end loop;
  execute format('alter table sales.orders attach partition sales.orders_1 for values from (minvalue) to (%s)', bound);
  alter table sales.orders_1 drop constraint orders_in_first_partition;
end
$$;
