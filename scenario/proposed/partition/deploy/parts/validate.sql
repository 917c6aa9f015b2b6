-- A part of partition.sql. Can be run again; not in a transaction.
-- Each foreign key is validated beside reads and writes. Then the table's own key is added: each partition has it
-- already, so that nothing is read; ACCESS EXCLUSIVE for some milliseconds.

do $$
declare
  each record;
begin
  for each in
    select k.conrelid::regclass as tab, k.conname
    from pg_catalog.pg_constraint as k
    where k.contype = 'f' and k.conparentid = 0 and not k.convalidated and k.confrelid = 'sales.orders'::regclass
    order by k.conrelid::regclass::text, k.conname
  loop
    execute format('alter table %s validate constraint %I', each.tab, each.conname);
    commit;
  end loop;
end
$$;

do $$
declare
  each record;
begin
  -- the table before its partitions, as readers do: else a reader could deadlock
  perform pg_temp.lock_tables('{only sales.orders}' || array(
    select i.inhrelid::regclass::text from pg_catalog.pg_inherits as i where i.inhparent = 'sales.orders'::regclass
    order by 1
  ));
  for each in
    select k.conname, pg_get_constraintdef(k.oid) as definition
    from pg_catalog.pg_constraint as k
    where k.contype = 'f' and k.conparentid = 0
      and k.conrelid = 'sales.orders_1'::regclass and k.confrelid = 'sales.orders'::regclass
  loop
    execute format('alter table sales.orders add constraint %I %s', each.conname, each.definition);
  end loop;
end
$$;

-- Autovacuum never analyzes a partitioned table.
analyze sales.orders;
