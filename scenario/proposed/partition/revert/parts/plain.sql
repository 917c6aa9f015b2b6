-- A part of the revert of partition.sql, which runs it once, in a transaction.
-- The first partition takes the place of the partitioned table.

create temporary table orders_parts (part text, name text, statement text, drop text) on commit drop;
do $$
declare
  each record;
  numbers record;
  blocking text;
begin
  if (select c.relkind from pg_class as c where c.oid = to_regclass('sales.orders')) is distinct from 'p' then
    -- never partitioned, or interrupted before the change
    if exists (
      select from pg_constraint as k
      where k.conrelid = to_regclass('sales.orders') and k.conname = 'orders_in_first_partition'
    ) then
      alter table sales.orders drop constraint orders_in_first_partition;
    end if;
    return;
  end if;
  perform pg_temp.lock_orders();
  if to_regclass('sales.orders_1') is null then
    raise exception 'the first partition, sales.orders_1, is missing: nothing can take the place of the partitioned table';
  end if;
  for each in
    select i.inhrelid::regclass as tab from pg_inherits as i
    where i.inhparent = 'sales.orders'::regclass and i.inhrelid <> 'sales.orders_1'::regclass
    order by i.inhrelid
  loop
    execute format('select min(o.order_id) from %s as o', each.tab) into blocking;
    if blocking is not null then
      raise exception 'partition % has orders, from % on: only a copy of all rows could make one table of them',
        each.tab, blocking;
    end if;
  end loop;
  drop view sales_private.order_partitions;
  drop function sales_private.numbers_left(), sales_private.add_partition(bigint);
  select string_agg(b.name, '; ' order by b.name) into blocking from pg_temp.orders_blocks as b
  where b.name not like '%, which is not validated or not inherited';
  if blocking is not null then
    raise exception 'these stop the return to a plain table: %', blocking
      using hint = 'drop them, and create what is still needed on the plain table';
  end if;

  insert into orders_parts select d.part, d.name, d.statement, d.drop from pg_temp.orders_definition as d;
  insert into orders_parts
  select 'rename', format('sales.%I', child.relname), parent.relname, null
  from pg_index as x
  join pg_inherits as i on i.inhrelid = x.indexrelid
  join pg_class as child on child.oid = i.inhrelid
  join pg_class as parent on parent.oid = i.inhparent
  where x.indrelid = 'sales.orders_1'::regclass;
  -- interrupted before the last part, each partition has the table's own key for itself
  for each in
    select k.conrelid, k.conname, regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') as definition
    from pg_constraint as k
    join pg_inherits as i on i.inhrelid = k.conrelid and i.inhparent = k.confrelid
    where k.contype = 'f' and k.confrelid = 'sales.orders'::regclass and k.conparentid = 0
  loop
    if each.conrelid = 'sales.orders_1'::regclass then
      insert into orders_parts values ('own key', each.conname, each.definition, null);
    end if;
    execute format('alter table %s drop constraint %I', each.conrelid::regclass, each.conname);
  end loop;
  for each in select p.drop from orders_parts as p where p.part in ('key of others', 'own key') and p.drop <> '' loop
    execute each.drop;
  end loop;
  select a.attidentity, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, v.last_value, v.is_called
  into numbers
  from pg_attribute as a, pg_sequence as s, sales.orders_order_id_seq as v
  where a.attrelid = 'sales.orders'::regclass and a.attname = 'order_id'
    and s.seqrelid = 'sales.orders_order_id_seq'::regclass;

  alter table sales.orders detach partition sales.orders_1;
  alter table sales.orders rename to orders_partitioned;
  alter table sales.orders_1 rename to orders;
  -- views leave the partitioned table
  for each in select p.statement from orders_parts as p where p.part = 'reader' loop
    execute each.statement;
  end loop;
  drop table sales.orders_partitioned;
  drop function sales_private.beyond_partitions();
  for each in select p.name, p.statement from orders_parts as p where p.part = 'rename' loop
    execute format('alter index %s rename to %I', each.name, each.statement);
  end loop;
  execute format(
    'alter table sales.orders alter column order_id add generated %s as identity (sequence name sales.orders_order_id_seq'
      ' start with %s increment by %s minvalue %s maxvalue %s cache %s %s)',
    case numbers.attidentity when 'a' then 'always' else 'by default' end, numbers.seqstart, numbers.seqincrement,
    numbers.seqmin, numbers.seqmax, numbers.seqcache, case when numbers.seqcycle then 'cycle' else 'no cycle' end
  );
  perform setval('sales.orders_order_id_seq', numbers.last_value, numbers.is_called);
  perform pg_temp.revoke_all('table', 'sales.orders');
  perform pg_temp.revoke_all('sequence', 'sales.orders_order_id_seq');
  for each in
    select p.statement from orders_parts as p where p.part in ('trigger', 'trigger state') order by p.part, p.name
  loop
    execute each.statement;
  end loop;
  for each in
    select p.statement || ' not valid' as statement from orders_parts as p where p.part = 'key of others'
    union all
    select format('alter table sales.orders add constraint %I %s not valid', p.name, p.statement)
    from orders_parts as p where p.part = 'own key'
  loop
    execute each.statement;
  end loop;
  for each in
    select p.statement from orders_parts as p where p.part in ('privilege', 'comment') order by p.part desc
  loop
    execute each.statement;
  end loop;
end
$$;
