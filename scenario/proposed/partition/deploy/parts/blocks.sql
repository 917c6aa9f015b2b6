-- A part of partition.sql and of its revert. Can be run again: it creates temporary views.
-- The view of all that stops partitioning: dependents that others have made, and parts that a partitioned table lacks.
-- Column: `name`, the object with the reason.

create or replace temporary view orders_blocks as
with tab as (
  select c.oid, c.relrowsecurity, t.oid as row_type, t.typarray
  from pg_catalog.pg_class as c
  join pg_catalog.pg_type as t on t.oid = c.reltype
  where c.oid = to_regclass('sales.orders')
), own as (
  select n.oid from pg_catalog.pg_namespace as n where n.nspname in ('sales', 'sales_private')
), depending as (
  select d.classid, d.objid, d.objsubid, d.refclassid = 'pg_catalog.pg_type'::regclass as on_type
  from pg_catalog.pg_depend as d
  cross join tab as t
  where d.deptype in ('n', 'a') and (
    (d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = t.oid)
    or (d.refclassid = 'pg_catalog.pg_type'::regclass and d.refobjid in (t.row_type, t.typarray))
  )
), others as (
  select case when v.oid is null then d.classid else 'pg_catalog.pg_class'::regclass end as classid,
    coalesce(v.oid, d.objid) as objid, case when v.oid is null then d.objsubid else 0 end as subid
  from depending as d
  cross join tab as t
  left join pg_catalog.pg_rewrite as r on d.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = d.objid
  left join pg_catalog.pg_class as v on v.oid = r.ev_class and r.rulename = '_RETURN'
  where d.on_type or not coalesce(case d.classid
    when 'pg_catalog.pg_rewrite'::regclass then v.relkind = 'v' and v.relnamespace in (select o.oid from own as o)
    when 'pg_catalog.pg_constraint'::regclass then exists (
      select from pg_catalog.pg_constraint as k
      join pg_catalog.pg_class as c on c.oid = k.conrelid
      where k.oid = d.objid and (k.conrelid = t.oid or c.relnamespace in (select o.oid from own as o))
    )
    when 'pg_catalog.pg_trigger'::regclass then exists (
      select from pg_catalog.pg_trigger as g
      join pg_catalog.pg_proc as p on p.oid = g.tgfoid
      where g.oid = d.objid and (g.tgisinternal or p.pronamespace in (select o.oid from own as o))
    )
    when 'pg_catalog.pg_proc'::regclass then exists (
      select from pg_catalog.pg_proc as p where p.oid = d.objid and p.pronamespace in (select o.oid from own as o)
    )
    when 'pg_catalog.pg_class'::regclass then exists (
      select from pg_catalog.pg_class as c
      where c.oid = d.objid and (
        c.relkind in ('i', 'I', 'S') or (c.relispartition and c.relnamespace in (select o.oid from own as o))
      )
    )
    else d.classid in ('pg_catalog.pg_attrdef'::regclass, 'pg_catalog.pg_statistic_ext'::regclass)
  end, false)
), found (name) as (
  select pg_describe_object(o.classid, o.objid, o.subid) from others as o
  where o.classid not in ('pg_catalog.pg_publication_rel'::regclass, 'pg_catalog.pg_publication_namespace'::regclass)

  union
  select format('publication %I', p.pubname) from pg_catalog.pg_publication_tables as p
  where p.schemaname = 'sales' and p.tablename in (
    select c.relname from tab as t
    cross join lateral (
      select t.oid union all select i.inhrelid from pg_catalog.pg_inherits as i where i.inhparent = t.oid
    ) as m
    join pg_catalog.pg_class as c on c.oid = m.oid
  )

  union
  select format('subscription %I', s.subname)
  from pg_catalog.pg_subscription_rel as r
  join pg_catalog.pg_subscription as s on s.oid = r.srsubid
  where r.srrelid in (select t.oid from tab as t)

  union
  select 'row-level security of sales.orders' from tab as t where t.relrowsecurity

  union
  select format('index %s, which is %s', i.indexrelid::regclass,
    case when i.indisvalid then 'unique or exclusive without order_id' else 'invalid' end)
  from tab as t
  join pg_catalog.pg_index as i on i.indrelid = t.oid
  join pg_catalog.pg_attribute as a on a.attrelid = t.oid and a.attname = 'order_id'
  where not i.indisvalid or i.indisexclusion or (i.indisunique and a.attnum <> all(i.indkey::smallint[]))

  union
  select format('constraint %I of %s, which is not validated or not inherited', k.conname, k.conrelid::regclass)
  from tab as t
  join pg_catalog.pg_constraint as k on t.oid in (k.conrelid, k.confrelid)
  where k.conparentid = 0 and not (k.contype = 'c' and k.conname = 'orders_in_first_partition')
    and ((k.contype in ('c', 'f') and not k.convalidated) or (k.contype = 'c' and k.connoinherit))
)
select f.name from found as f;
