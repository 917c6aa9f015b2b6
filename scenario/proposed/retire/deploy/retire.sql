-- Deploy sales_retire:retire to pg. Runs once: run again, it stops with one line, because the views are gone.
-- Drops what was kept for old applications: their views, the schema sales_old with secrets in clear text, the limits and
-- indexes of 32-bit columns, and the old sequences. The identities of the new tables continue their numbers. Only a
-- backup can undo this. It is a separate project, so that it is not deployed together with the others.
-- Takes ACCESS EXCLUSIVE on the views and the new tables for some milliseconds, all within one lock timeout of 200 ms.
-- After a timeout, nothing has changed: run it again.

begin;
set local lock_timeout = '200ms';
set local statement_timeout = '1min';
-- whatever the default of the database or the role
set local standard_conforming_strings = on;
set local quote_all_identifiers = off;
\ir ../../deploy/checks/lock.sql
do $$
declare
  to_lock text[];
begin
  if to_regclass('sales.orders') is null then
    raise exception 'the schema sales does not exist: expand and the other steps come first';
  elsif to_regclass('migration.step') is not null then
    raise exception 'the old tables are still there: contract comes first';
  elsif to_regnamespace('sales_old') is null and not exists (
    select from pg_catalog.pg_constraint as k
    where k.conrelid = 'sales.orders'::regclass and k.conname = 'orders_fit_old_columns'
  ) then
    raise exception 'nothing is kept for old applications: either retire is done already, or contract comes first';
  end if;
  -- At once the lock that dropping takes: upgrading a weaker lock could deadlock. It keeps out new dependents, too.
  select array_agg(c.oid::regclass::text order by c.relkind desc, n.nspname, c.relname) into to_lock
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where (n.nspname = 'public' and c.relname in ('customers', 'orders') and c.relkind = 'v')
    or (n.nspname in ('sales', 'sales_private', 'sales_old') and c.relkind = 'r' and (
      c.relname in ('customers', 'contacts', 'orders', 'delivery_texts', 'null_args', 'schedule_bits', 'carried')
      or exists (
        select from pg_catalog.pg_trigger as t
        join pg_catalog.pg_proc as p on p.oid = t.tgfoid
        where t.tgrelid = c.oid and p.pronamespace = to_regnamespace('sales_old')
      )
    ));
  perform pg_temp.lock_tables(to_lock);
end
$$;

-- Nothing of others is dropped or broken without a word.
\ir checks/dependents.sql
do $$
declare
  dependents constant jsonb := current_setting('migration.dependents');
  found text;
begin
  select string_agg(format('%s (%s)', d.name, d.effect), '; ' order by d.name) into found
  from jsonb_to_recordset(dependents) as d (name text, effect text, blocks boolean) where d.blocks;
  if found is not null then
    raise exception 'the views for old applications, sales_old or the old sequences still have dependents: %', found;
  end if;
  for found in
    select format('%s %s', d.name, d.effect)
    from jsonb_to_recordset(dependents) as d (name text, effect text, blocks boolean) where not d.blocks order by d.name
  loop
    raise warning '%', found;
  end loop;
end
$$;

do $$
declare
  part record;
  numbers record;
begin
  -- with their triggers
  for part in
    select c.relname from pg_catalog.pg_class as c
    where c.oid in (to_regclass('public.customers'), to_regclass('public.orders')) and c.relkind = 'v'
  loop
    execute format('drop view public.%I', part.relname);
  end loop;
  for part in
    select t.tgname, t.tgrelid::regclass as tab
    from pg_catalog.pg_trigger as t
    join pg_catalog.pg_proc as p on p.oid = t.tgfoid
    where p.pronamespace = to_regnamespace('sales_old')
  loop
    execute format('drop trigger %I on %s', part.tgname, part.tab);
  end loop;

  -- Identities continue after the last number of the old sequence, given or not, and after the greatest one. Its
  -- increment and cache are kept. START says where: `truncate … restart identity` gives no old number again.
  for part in
    -- the sequence that the function depends on; that of the name where sales_old was dropped by hand
    select t.tab, t.id, coalesce(
        (select d.refobjid from pg_catalog.pg_depend as d
         join pg_catalog.pg_class as c on c.oid = d.refobjid and c.relkind = 'S'
         where d.classid = 'pg_catalog.pg_proc'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
           and d.objid = to_regprocedure(format('sales_old.next_%s()', t.id))),
        to_regclass(format('public.%s_%s_seq', t.tab, t.id))
      )::regclass as sequence
    from (values ('customers', 'customer_id'), ('orders', 'order_id')) as t (tab, id)
  loop
    if part.sequence is not null then
      -- no session can take a number meanwhile
      execute format('alter sequence %s owned by none', part.sequence);
      execute format(
        'select s.last_value + case when s.is_called then q.increment else 0 end as next, q.increment, q.cache'
          ' from %s as s, (select greatest(q.seqincrement, 1) as increment, q.seqcache as cache'
          ' from pg_catalog.pg_sequence as q where q.seqrelid = %L::regclass) as q',
        part.sequence, part.sequence
      ) into numbers;
    else
      select 1::bigint as next, 1::bigint as increment, 1::bigint as cache into numbers;
    end if;
    execute format(
      'select $1 + $2 * ((greatest(max(t.%I) - $1 + 1, 0) + $2 - 1) / $2) from sales.%I as t', part.id, part.tab
    ) into numbers.next using numbers.next, numbers.increment;
    execute format(
      'alter table sales.%I alter column %I set increment by %s set cache %s set start with %s restart',
      part.tab, part.id, numbers.increment, numbers.cache, numbers.next
    );
    execute format('drop function if exists sales_old.next_%s()', part.id);
    if part.sequence is not null then
      execute format('drop sequence %s', part.sequence);
    end if;
  end loop;

  for part in
    select p.oid::regprocedure as name from pg_catalog.pg_proc as p where p.pronamespace = to_regnamespace('sales_old')
  loop
    execute format('drop routine %s', part.name);
  end loop;
end
$$;
drop table if exists sales_old.delivery_texts, sales_old.null_args, sales_old.schedule_bits, sales_old.carried;
drop schema if exists sales_old;

alter table sales.customers drop constraint if exists customers_fit_old_columns;
alter table sales.contacts drop constraint if exists contacts_fit_old_columns;
alter table sales.orders drop constraint if exists orders_fit_old_columns;
drop index if exists sales.customers_old_id, sales.orders_old_id, sales.orders_old_customer, sales.orders_old_ref;

-- sales_auditor reads no secrets any more
do $$
begin
  perform sales_private.grant_roles();
end
$$;

commit;
