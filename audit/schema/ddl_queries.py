"""The catalog queries for the DDL of tables. `oids` are the tables."""

from __future__ import annotations

from typing import Final

#: Every table, and every index with its table, by the name that findings give it.
NAMED: Final = """
select case when n.nspname = current_schema() then '' else n.nspname || '.' end || c.relname as object,
  coalesce(i.indrelid, c.oid) as oid
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join pg_index as i on i.indexrelid = c.oid
join pg_class as t on t.oid = coalesce(i.indrelid, c.oid) and t.relkind in ('r', 'p')
where c.relkind in ('r', 'p', 'i', 'I')
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
"""

TABLES: Final = """
select c.oid, c.oid::regclass::text as named,
  case when n.nspname = current_schema() then '' else n.nspname || '.' end as prefix, c.relname as name,
  case when c.relpersistence = 'u' then 'UNLOGGED ' else '' end as kind,
  array_to_string(c.reloptions, ', ') as options,
  case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key,
  case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end as bound,
  case when c.relispartition then (
    select pg_get_partkeydef(i.inhparent) from pg_inherits as i where i.inhrelid = c.oid
  ) end as bound_by,
  array(
    select i.inhparent::regclass::text from pg_inherits as i where i.inhrelid = c.oid order by i.inhseqno
  ) as parents,
  array(select i.inhparent from pg_inherits as i where i.inhrelid = c.oid) as extends,
  array(
    select k.confrelid
    from pg_constraint as k
    where k.conrelid = c.oid and k.confrelid <> c.oid and k.contype = 'f' and k.conparentid = 0
  ) as refers_to,
  obj_description(c.oid, 'pg_class') as comment,
  c.relrowsecurity as has_policies, c.relforcerowsecurity as binds_owner
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.oid = any(%(oids)s) and c.relkind in ('r', 'p')
order by array_position(%(oids)s::oid[], c.oid)
"""

# NOT NULL has a name from PostgreSQL 18 on, and need not be valid
COLUMNS: Final = """
select a.attrelid as oid, a.attname as name, quote_ident(a.attname) as named,
  format_type(a.atttypid, a.atttypmod) as type, a.atttypid as type_oid,
  case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end as collation,
  a.attnotnull and coalesce(k.convalidated, true) as is_not_null,
  case when k.conname <> left(c.relname || '_' || a.attname || '_not_null', 63)
    then quote_ident(k.conname) end as not_null,
  k.connoinherit as ends_here,
  a.attidentity::text as identity, a.attgenerated::text as generated, pg_get_expr(d.adbin, d.adrelid, true) as preset,
  col_description(a.attrelid, a.attnum) as comment,
  s.seqrelid as sequence, s.seqrelid::regclass::text as sequence_named, s.is_owned,
  s.name = c.relname || '_' || a.attname || '_seq' and s.home = c.relnamespace as has_usual_name,
  s.seqtypid = a.atttypid as has_same_type, s.type as sequence_type, s.options
from pg_attribute as a
join pg_class as c on c.oid = a.attrelid
join pg_type as t on t.oid = a.atttypid
left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_constraint as k on k.conrelid = a.attrelid and k.contype = 'n' and k.conkey = array[a.attnum]
left join lateral (
  select q.seqrelid, q.seqtypid, format_type(q.seqtypid, null) as type, x.relname as name, x.relnamespace as home,
    p.deptype <> 'n' as is_owned,
    concat_ws(
      ' ',
      case when q.seqincrement <> 1 then 'INCREMENT BY ' || q.seqincrement end,
      case when q.seqmin <> m.lowest then 'MINVALUE ' || q.seqmin end,
      case when q.seqmax <> m.highest then 'MAXVALUE ' || q.seqmax end,
      case when q.seqstart <> case when q.seqincrement > 0 then q.seqmin else q.seqmax end
        then 'START WITH ' || q.seqstart end,
      case when q.seqcache <> 1 then 'CACHE ' || q.seqcache end,
      case when q.seqcycle then 'CYCLE' end
    ) as options
  from (
    select d.objid as sequence, d.deptype
    from pg_depend as d
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
      and d.refobjid = a.attrelid and d.refobjsubid = a.attnum and d.deptype in ('a', 'i')
    union all
    select e.refobjid, e.deptype
    from pg_depend as e
    where e.classid = 'pg_attrdef'::regclass and e.objid = d.oid and e.refclassid = 'pg_class'::regclass
      and e.deptype = 'n'
  ) as p
  join pg_sequence as q on q.seqrelid = p.sequence
  join pg_class as x on x.oid = q.seqrelid
  cross join lateral (
    select case q.seqtypid when 21 then 32767 when 23 then 2147483647 else 9223372036854775807 end as top
  ) as o
  cross join lateral (
    select case when q.seqincrement > 0 then 1 else -o.top - 1 end as lowest,
      case when q.seqincrement > 0 then o.top else -1 end as highest
  ) as m
  order by p.deptype
  limit 1
) as s on true
where a.attrelid = any(%(oids)s) and a.attnum > 0 and not a.attisdropped and a.attislocal
order by a.attrelid, a.attnum
"""

CONSTRAINTS: Final = """
select k.conrelid as oid, k.conname as name, quote_ident(k.conname) as named, k.contype::text as kind,
  pg_get_constraintdef(k.oid, true) as definition, k.confrelid as target,
  -- what is inside of CREATE TABLE counts as valid, and has the table's unique constraints to point at, not its indexes
  k.contype in ('p', 'u', 'x') or k.convalidated and (
    k.contype <> 'f' or k.conrelid <> k.confrelid
    or exists (select from pg_constraint as u where u.conindid = k.conindid and u.contype in ('p', 'u', 'x'))
  ) as is_inside,
  obj_description(k.oid, 'pg_constraint') as comment
from pg_constraint as k
where k.conrelid = any(%(oids)s) and k.conparentid = 0 and k.conislocal
  and (k.contype in ('p', 'u', 'x', 'c', 'f') or k.contype = 'n' and not k.convalidated)
order by k.conrelid, array_position(array['p', 'u', 'x', 'c', 'f', 'n'], k.contype::text), k.conname
"""

INDEXES: Final = """
select i.indrelid as oid, c.relname as name, c.oid::regclass::text as named,
  pg_get_indexdef(c.oid, 0, true) as definition,
  i.indisvalid and i.indisready as is_valid, obj_description(c.oid, 'pg_class') as comment
from pg_index as i
join pg_class as c on c.oid = i.indexrelid
where i.indrelid = any(%(oids)s)
  and not exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
  and not exists (select from pg_inherits as h where h.inhrelid = i.indexrelid)
order by i.indrelid, c.relname
"""

TRIGGERS: Final = """
select t.tgrelid as oid, t.tgname as name, quote_ident(t.tgname) as named, pg_get_triggerdef(t.oid, true) as definition,
  case t.tgenabled when 'D' then 'DISABLE' when 'R' then 'ENABLE REPLICA' when 'A' then 'ENABLE ALWAYS' end as state,
  obj_description(t.oid, 'pg_trigger') as comment
from pg_trigger as t
where t.tgrelid = any(%(oids)s) and not t.tgisinternal and t.tgparentid = 0
order by t.tgrelid, t.tgname
"""

#: The enums and domains that a table's columns take, those first that others are made of.
TYPES: Final = """
with recursive used (oid, type) as (
  select a.attrelid, a.atttypid
  from pg_attribute as a
  where a.attrelid = any(%(oids)s) and a.attnum > 0 and not a.attisdropped
  union
  select u.oid, b.type
  from used as u
  join pg_type as t on t.oid = u.type
  cross join lateral (values (t.typbasetype), (case when t.typcategory = 'A' then t.typelem end)) as b (type)
  where b.type <> 0
)
select u.oid, t.oid as type, t.typtype::text as kind, t.oid::regtype::text as named,
  format_type(t.typbasetype, t.typtypmod) as base, t.typnotnull as is_not_null, t.typdefault as preset,
  case when t.typcollation <> b.typcollation then t.typcollation::regcollation::text end as collation,
  array(
    select quote_literal(e.enumlabel) from pg_enum as e where e.enumtypid = t.oid order by e.enumsortorder
  ) as labels,
  array(
    select 'CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid, true)
    from pg_constraint as k where k.contypid = t.oid and k.contype = 'c' and k.convalidated order by k.conname
  ) as checks,
  obj_description(t.oid, 'pg_type') as comment
from used as u
join pg_type as t on t.oid = u.type and t.typtype in ('e', 'd')
left join pg_type as b on b.oid = t.typbasetype
join pg_namespace as n on n.oid = t.typnamespace and n.nspname not in ('pg_catalog', 'information_schema')
where not exists (
  select from pg_depend as d where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
)
order by u.oid, t.oid
"""

POLICIES: Final = """
select p.polrelid as oid, p.polname as name, quote_ident(p.polname) as named, p.polpermissive as is_permissive,
  case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE'
    else 'ALL' end as command,
  array(
    select case when r.role = 0 then 'PUBLIC' else r.role::regrole::text end
    from unnest(p.polroles) with ordinality as r (role, place)
    order by r.place
  ) as roles,
  pg_get_expr(p.polqual, p.polrelid, true) as using_, pg_get_expr(p.polwithcheck, p.polrelid, true) as check_,
  obj_description(p.oid, 'pg_policy') as comment
from pg_policy as p
where p.polrelid = any(%(oids)s)
order by p.polrelid, p.polname
"""

#: Privileges of roles other than the owner, one row for each role, on the table and on columns.
RIGHTS: Final = """
select x.oid, case when x.grantee = 0 then 'PUBLIC' else x.grantee::regrole::text end as grantee, x.is_grantable,
  string_agg(x.privilege, ', ' order by x.columns is not null, x.privilege) as privileges
from (
  select a.oid, a.grantee, a.is_grantable, max(a.named) as columns,
    a.privilege || coalesce(' (' || string_agg(a.named, ', ' order by a.place) || ')', '') as privilege
  from (
    select c.oid, e.grantee, e.is_grantable, e.privilege_type as privilege, null as named, 0 as place, c.relowner
    from pg_class as c
    cross join lateral aclexplode(c.relacl) as e
    where c.oid = any(%(oids)s)
    union all
    select c.oid, e.grantee, e.is_grantable, e.privilege_type, quote_ident(t.attname), t.attnum, c.relowner
    from pg_class as c
    join pg_attribute as t on t.attrelid = c.oid and not t.attisdropped
    cross join lateral aclexplode(t.attacl) as e
    where c.oid = any(%(oids)s)
  ) as a
  where a.grantee <> a.relowner
  group by a.oid, a.grantee, a.is_grantable, a.privilege, a.named is null
) as x
group by x.oid, x.grantee, x.is_grantable
order by x.oid, grantee, x.is_grantable
"""

#: The views among `oids`, and those that read any of them, directly or through others; those first that others read.
VIEWS: Final = """
with recursive reads (view, relation) as (
  select distinct r.ev_class, d.refobjid
  from pg_rewrite as r
  join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
    and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
  where r.rulename = '_RETURN'
),
found (oid, level) as (
  select unnest(%(oids)s::oid[]), 0
  union
  select r.view, f.level + 1
  from found as f
  join reads as r on r.relation = f.oid
)
select c.oid, c.oid::regclass::text as named,
  case when n.nspname = current_schema() then '' else n.nspname || '.' end as prefix, c.relname as name,
  case c.relkind when 'm' then 'MATERIALIZED VIEW' else 'VIEW' end as kind,
  array_to_string(c.reloptions, ', ') as options, pg_get_viewdef(c.oid, true) as definition,
  obj_description(c.oid, 'pg_class') as comment,
  array(
    select array[quote_ident(a.attname), col_description(c.oid, a.attnum)]
    from pg_attribute as a
    where a.attrelid = c.oid and a.attnum > 0 and col_description(c.oid, a.attnum) is not null
    order by a.attnum
  ) as comments
from (select f.oid, max(f.level) as level from found as f group by f.oid) as f
join pg_class as c on c.oid = f.oid and c.relkind in ('v', 'm')
join pg_namespace as n on n.oid = c.relnamespace and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by f.level, c.oid::regclass::text
"""

#: Objects that are never shown: functions, foreign tables and rewrite rules (none of extensions), and the roles that
#: the tables are open to.
OTHERS: Final = """
with own as (
  select n.oid from pg_namespace as n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
),
of_extensions as (select d.classid, d.objid from pg_depend as d where d.deptype = 'e')
select
  (
    select count(*) from pg_proc as p
    where p.pronamespace in (select o.oid from own as o)
      and ('pg_proc'::regclass, p.oid) not in (select e.classid, e.objid from of_extensions as e)
  ) as functions,
  (
    select count(*) from pg_class as c
    where c.relkind = 'f' and c.relnamespace in (select o.oid from own as o)
      and ('pg_class'::regclass, c.oid) not in (select e.classid, e.objid from of_extensions as e)
  ) as foreign_tables,
  (
    select count(*) from pg_rewrite as r
    join pg_class as c on c.oid = r.ev_class
    where r.rulename <> '_RETURN' and c.relnamespace in (select o.oid from own as o)
      and ('pg_class'::regclass, c.oid) not in (select e.classid, e.objid from of_extensions as e)
  ) as rules,
  (
    select count(*) from (
      select e.grantee
      from pg_class as c
      cross join lateral aclexplode(c.relacl) as e
      where c.oid = any(%(oids)s) and e.grantee <> c.relowner
      union
      select unnest(p.polroles) from pg_policy as p where p.polrelid = any(%(oids)s)
    ) as r
    where r.grantee <> 0
  ) as roles
"""
