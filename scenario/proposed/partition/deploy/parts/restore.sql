-- A part of partition.sql, which runs it once, in a transaction after change.sql.
-- What belonged to the table comes to the partitioned one, and the next partitions are made.

do $$
declare
  each record;
  size bigint := coalesce(nullif(current_setting('sales.partition_numbers', true), ''), '10000000');
  tab text;
begin
  if not exists (select from orders_parts) then
    return;
  end if;
  -- Numbers beyond the last partition are rejected, with a hint. A default partition that kept them could never be
  -- emptied: keys refer to its rows.
  create table sales.orders_beyond (like sales.orders including defaults including constraints including comments);
  alter table sales.orders attach partition sales.orders_beyond default;
  create trigger beyond before insert on sales.orders_beyond
    for each row execute function sales_private.beyond_partitions();
  alter table sales.orders_beyond enable always trigger beyond;
  -- A superuser may run this: the owner of the table still owns each partition, and the function that adds them.
  for each in
    select o.name, pg_get_userbyid(c.relowner) as owner
    from pg_class as c, (values
      ('table sales.orders_beyond'), ('view sales_private.order_partitions'),
      ('function sales_private.numbers_left()'), ('function sales_private.add_partition(bigint)'),
      ('function sales_private.beyond_partitions()')
    ) as o (name)
    where c.oid = 'sales.orders'::regclass
  loop
    execute format('alter %s owner to %I', each.name, each.owner);
  end loop;
  comment on table sales.orders_beyond is 'Always empty: it rejects orders whose number is beyond the last partition.';
  perform sales_private.add_partition(size);

  for each in
    select p.statement from orders_parts as p where p.part in ('trigger', 'trigger state') order by p.part, p.name
  loop
    execute each.statement;
  end loop;
  perform pg_temp.revoke_all('table', 'sales.orders');
  perform pg_temp.revoke_all('table', 'sales.orders_1');
  perform pg_temp.revoke_all('table', 'sales.orders_beyond');
  perform pg_temp.revoke_all('sequence', 'sales.orders_order_id_seq');
  execute format('comment on table sales.orders_1 is %L', format(
    'Orders numbered below %s: a partition of orders.',
    (select p.end_number from sales_private.order_partitions as p where p.partition_name = 'orders_1')
  ));
  -- keys of others are enforced for new rows at once, and validated later
  for each in select p.statement from orders_parts as p where p.part = 'key of others' loop
    execute each.statement || ' not valid';
  end loop;
  -- PostgreSQL 15 cannot add it to the partitioned table without reading: each partition gets it first
  for each in select p.name, p.statement from orders_parts as p where p.part = 'own key' loop
    for tab in select i.inhrelid::regclass::text from pg_inherits as i where i.inhparent = 'sales.orders'::regclass loop
      execute format(
        'alter table %s add constraint %I %s%s', tab, each.name, each.statement,
        case when tab = 'sales.orders_1' then ' not valid' end
      );
    end loop;
  end loop;
  for each in
    select p.statement from orders_parts as p where p.part in ('reader', 'privilege', 'comment') order by p.part desc
  loop
    execute each.statement;
  end loop;
end
$$;
