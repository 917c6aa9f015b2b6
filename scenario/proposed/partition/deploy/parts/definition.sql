-- A part of partition.sql and of its revert. Can be run again: it creates a temporary view.
-- The view of statements that create again what belongs to sales.orders, for another table of this name.
-- Columns: `part`, its kind; `name`; `statement`; `drop`, the statement that removes it from the present table, if any.

create or replace temporary view orders_definition as
with tab as (
  select c.oid, c.relowner, c.relacl, s.oid as sequence, s.relacl as sequence_acl
  from pg_catalog.pg_class as c
  join pg_catalog.pg_class as s on s.oid = pg_get_serial_sequence('sales.orders', 'order_id')::regclass
  where c.oid = to_regclass('sales.orders')
), keys as (
  select k.*, regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') as definition
  from pg_catalog.pg_constraint as k
  join tab as t on t.oid in (k.conrelid, k.confrelid)
  -- without those that PostgreSQL keeps for each partition
  where k.conparentid = 0 and not exists (
    select from pg_catalog.pg_inherits as i where i.inhparent = t.oid and i.inhrelid = k.conrelid
  )
), indexes as (
  select i.indexrelid, c.relname, k.conname, pg_get_constraintdef(k.oid) as definition
  from tab as t
  join pg_catalog.pg_index as i on i.indrelid = t.oid
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  left join pg_catalog.pg_constraint as k on k.conindid = i.indexrelid and k.conrelid = t.oid and k.contype in ('p', 'u')
), triggers as (
  select g.oid, g.tgname, g.tgenabled from tab as t
  join pg_catalog.pg_trigger as g on g.tgrelid = t.oid and not g.tgisinternal and g.tgparentid = 0
), readers as (
  select distinct v.oid from tab as t
  join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = t.oid
  join pg_catalog.pg_rewrite as r on d.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = d.objid
  join pg_catalog.pg_class as v on v.oid = r.ev_class and v.relkind = 'v'
), functions as (
  select distinct p.oid from tab as t
  join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = t.oid
  join pg_catalog.pg_proc as p on d.classid = 'pg_catalog.pg_proc'::regclass and p.oid = d.objid
), granted as (
  select 'sales.orders' as target, '' as columns, t.relowner, g.* from tab as t cross join lateral aclexplode(t.relacl) as g
  union all
  select 'sales.orders', format(' (%I)', a.attname), t.relowner, g.*
  from tab as t
  join pg_catalog.pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  cross join lateral aclexplode(a.attacl) as g
  union all
  select format('sequence %s', t.sequence::regclass), '', t.relowner, g.*
  from tab as t cross join lateral aclexplode(t.sequence_acl) as g
), comments (object, said) as (
  select 'table sales.orders', obj_description(t.oid, 'pg_class') from tab as t
  union all
  select format('column sales.orders.%I', a.attname), col_description(t.oid, a.attnum)
  from tab as t join pg_catalog.pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  union all
  select format('sequence %s', t.sequence::regclass), obj_description(t.sequence, 'pg_class') from tab as t
  union all
  select format('index sales.%I', i.relname), obj_description(i.indexrelid, 'pg_class') from indexes as i
  union all
  select format('trigger %I on sales.orders', g.tgname), obj_description(g.oid, 'pg_trigger') from triggers as g
  union all
  select format('constraint %I on %s', k.conname, k.conrelid::regclass), obj_description(k.oid, 'pg_constraint')
  from keys as k where k.conname <> 'orders_in_first_partition'
)
select 'index' as part, i.relname::text as name,
  coalesce(
    format('alter table sales.orders add constraint %I %s', i.conname, i.definition), pg_get_indexdef(i.indexrelid)
  ) as statement, null as drop
from indexes as i where i.conname is not null
union all
select 'index', i.relname, pg_get_indexdef(i.indexrelid), null from indexes as i where i.conname is null
union all
select case when k.conrelid = k.confrelid then 'own key' when k.conrelid = t.oid then 'key' else 'key of others' end,
  k.conname,
  case when k.conrelid = k.confrelid then k.definition
    else format('alter table %s add constraint %I %s', k.conrelid::regclass, k.conname, k.definition) end,
  format('alter table %s drop constraint %I', k.conrelid::regclass, k.conname)
from keys as k cross join tab as t where k.contype = 'f'
union all
select 'trigger', g.tgname, pg_get_triggerdef(g.oid), format('drop trigger %I on sales.orders', g.tgname)
from triggers as g
union all
select 'trigger state', g.tgname, format(
    'alter table sales.orders %s trigger %I',
    case g.tgenabled when 'A' then 'enable always' when 'R' then 'enable replica' else 'disable' end, g.tgname
  ), null
from triggers as g where g.tgenabled <> 'O'
union all
-- create or replace keeps owner, privileges, comment, and dependents
select 'reader', v.oid::regclass::text, format(
    'create or replace view %s %s as %s', v.oid::regclass,
    (select 'with (' || string_agg(o.option, ', ') || ')' from unnest(c.reloptions) as o (option)), pg_get_viewdef(v.oid)
  ), null
from readers as v join pg_catalog.pg_class as c on c.oid = v.oid
union all
select 'reader', f.oid::regprocedure::text, pg_get_functiondef(f.oid), null from functions as f
union all
select 'privilege', g.target, format(
    'grant %s%s on %s to %s%s', g.privilege_type, g.columns, g.target,
    case when g.grantee = 0 then 'public' else format('%I', pg_get_userbyid(g.grantee)) end,
    case when g.is_grantable then ' with grant option' else '' end
  ), null
from granted as g where g.grantee <> g.relowner
union all
select 'comment', c.object, format('comment on %s is %L', c.object, c.said), null from comments as c where c.said is not null;

-- Only the owner keeps privileges on a table or sequence: those of default privileges end, too.
create or replace function pg_temp.revoke_all(kind text, target regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  grantee text;
begin
  for grantee in
    select distinct case when g.grantee = 0 then 'public' else format('%I', pg_get_userbyid(g.grantee)) end
    from (
      select c.relacl as acl, c.relowner from pg_class as c where c.oid = target
      union all
      select a.attacl, c.relowner from pg_attribute as a join pg_class as c on c.oid = a.attrelid where c.oid = target
    ) as a
    cross join lateral aclexplode(a.acl) as g
    where g.grantee <> a.relowner
  loop
    execute format('revoke all on %s %s from %s cascade', kind, target, grantee);
  end loop;
end
$$;

-- Lock what changes, and all tables that keys connect with it, at once: upgrading a weaker lock could deadlock.
-- Orders come first, as in most transactions; else the lock timeout ends the wait before a deadlock is noticed.
create or replace function pg_temp.lock_orders() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  to_lock text[];
begin
  -- the table before its partitions, as readers do
  select array_agg(t.name order by t.place, t.name) into to_lock
  from (
    select 1 as place, 'only sales.orders' as name
    union all
    select 2, i.inhrelid::regclass::text from pg_inherits as i where i.inhparent = to_regclass('sales.orders')
    union
    select 3, o.tab::regclass::text
    from pg_constraint as k
    cross join lateral unnest(array[k.conrelid, k.confrelid]) as o (tab)
    where k.contype = 'f' and k.conparentid = 0 and to_regclass('sales.orders') in (k.conrelid, k.confrelid)
      and o.tab <> to_regclass('sales.orders')
  ) as t;
  perform pg_temp.lock_tables(to_lock);
end
$$;
