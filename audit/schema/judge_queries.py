"""The catalog queries for judging suggestions. `names` are tables as statements name them, `oids` the same tables."""

from __future__ import annotations

from typing import Final

TABLES: Final = """
select n.name as written, c.oid, format('%%I.%%I', s.nspname, c.relname) as quoted,
  case when s.nspname = current_schema() then '' else s.nspname || '.' end || c.relname as object,
  s.nspname as schema, c.relname as name, c.relkind::text as kind, z.is_sampled,
  least(z.rows, 1000000)::float as rows,
  -- the same sample as rules take
  format('%%I.%%I', s.nspname, c.relname) || ' as t' || case when z.is_sampled
    then format(' tablesample system (%%s) repeatable (0)', round((5e6 / z.rows)::numeric, 6)) else '' end as source,
  c.reloftype <> 0 as is_typed,
  (
    select coalesce(jsonb_agg(a.attname order by array_position(i.indkey::smallint[], a.attnum)), '[]')
    from (
      select i.* from pg_index as i
      where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
      order by i.indisprimary desc, i.indnkeyatts, i.indexrelid
      limit 1
    ) as i
    join pg_attribute as a on a.attrelid = c.oid and a.attnum = any(i.indkey[:i.indnkeyatts - 1])
  ) as key,
  (
    select coalesce(jsonb_agg((
      select jsonb_agg(a.attname) from pg_attribute as a
      where a.attrelid = c.oid and a.attnum = any(i.indkey[:i.indnkeyatts - 1])
    )), '[]')
    from pg_index as i
    where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
  ) as unique,
  (
    select coalesce(jsonb_agg(a.attname), '[]')
    from pg_partitioned_table as p
    join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
      and (a.attnum = any(p.partattrs) or pg_get_expr(p.partexprs, c.oid) ~ ('\\m' || a.attname || '\\M'))
    where p.partrelid = c.oid
  ) as partition_columns,
  (
    select coalesce(jsonb_object_agg(k.conname, jsonb_build_object(
      'kind', k.contype, 'definition', pg_get_constraintdef(k.oid), 'check', pg_get_expr(k.conbin, k.conrelid, true),
      'columns', (
        select jsonb_agg(quote_ident(a.attname) order by array_position(k.conkey, a.attnum))
        from pg_attribute as a where a.attrelid = c.oid and a.attnum = any(k.conkey)
      ),
      'target', (
        select format('%%I.%%I', y.nspname, x.relname) from pg_class as x
        join pg_namespace as y on y.oid = x.relnamespace where x.oid = k.confrelid
      ),
      'target_columns', (
        select jsonb_agg(quote_ident(a.attname) order by array_position(k.confkey, a.attnum))
        from pg_attribute as a where a.attrelid = k.confrelid and a.attnum = any(k.confkey)
      )
    )), '{}')
    from pg_constraint as k where k.conrelid = c.oid and k.contype <> 'n'
  ) as constraints,
  (
    select coalesce(jsonb_agg(distinct format('%%s.%%I', a.attrelid::regclass, a.attname)), '[]')
    from pg_type as y
    join pg_attribute as a on a.atttypid in (y.oid, y.typarray) and a.atttypid <> 0 and not a.attisdropped
    join pg_class as x on x.oid = a.attrelid and x.relkind in ('r', 'p', 'm', 'f')
    where y.typrelid = c.oid
  ) as row_type_users
from unnest(%(names)s::text[]) as n (name)
join pg_class as c on c.oid = to_regclass(n.name) and c.relkind in ('r', 'p')
join pg_namespace as s on s.oid = c.relnamespace
cross join lateral (
  with recursive below (oid) as (
    select i.inhrelid from pg_inherits as i where i.inhparent = c.oid
    union select i.inhrelid from below as b join pg_inherits as i on i.inhparent = b.oid
  )
  select greatest(c.reltuples, (
    select coalesce(sum(greatest(d.reltuples, 0)), 0) from below as b join pg_class as d on d.oid = b.oid
  ), 0) as rows
) as r
cross join lateral (select r.rows > 1000000 as is_sampled, r.rows) as z
"""

COLUMNS: Final = """
with recursive base (oid, type, typmod) as (
  select t.oid, t.oid, -1 from pg_type as t where t.typtype <> 'd'
  union all
  select t.oid, b.type, case when t.typtypmod <> -1 then t.typtypmod else b.typmod end
  from pg_type as t join base as b on b.oid = t.typbasetype where t.typtype = 'd'
)
select a.attrelid as table, a.attname as name, quote_ident(a.attname) as quoted, y.typname as kind,
  case when b.typmod = -1 then a.atttypmod else b.typmod end as typmod,
  format_type(a.atttypid, a.atttypmod) as type, b.type as type_oid, a.attnotnull as is_not_null,
  a.attgenerated <> '' as is_generated, a.attinhcount > 0 as is_inherited,
  case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end as default,
  -- PostgreSQL 18 cannot make such a constraint again
  array(
    with recursive below (oid) as (
      select i.inhrelid from pg_inherits as i where i.inhparent = a.attrelid
      union select i.inhrelid from below as b join pg_inherits as i on i.inhparent = b.oid
    )
    select format('%%I.%%I', s.nspname, c.relname)
    from below as b
    join pg_class as c on c.oid = b.oid
    join pg_namespace as s on s.oid = c.relnamespace
    join pg_attribute as o on o.attrelid = b.oid and o.attname = a.attname
    join pg_constraint as k on k.conrelid = b.oid and k.contype = 'n' and k.conkey = array[o.attnum]
    where k.conislocal and k.coninhcount > 0
    order by 1
  ) as not_null_children
from pg_attribute as a
join base as b on b.oid = a.atttypid
join pg_type as y on y.oid = b.type
left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = any(%(oids)s) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
"""

REFERENCES: Final = """
select k.confrelid as table, p.attname as column, k.conrelid as of_table, a.attname as of_column,
  format('%%I.%%I', s.nspname, c.relname) as quoted,
  t.typname as kind
from pg_constraint as k
join pg_class as c on c.oid = k.conrelid
join pg_namespace as s on s.oid = c.relnamespace
cross join lateral unnest(k.conkey, k.confkey) as u (one, other)
join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.one
join pg_attribute as p on p.attrelid = k.confrelid and p.attnum = u.other
join pg_type as t on t.oid = a.atttypid
where k.contype = 'f' and k.conparentid = 0 and k.confrelid = any(%(oids)s)
  -- an inherited column gets the type of its parent's
  and a.attinhcount = 0
order by quoted, of_column
"""

#: What reads a column of the tables or of their children, which change with them, by the kinds that hold its type or
#: compute with it.
DEPENDENTS: Final = """
with recursive family (root, oid) as (
  select o.oid, o.oid from unnest(%(oids)s::oid[]) as o (oid)
  union select f.root, i.inhrelid from family as f join pg_inherits as i on i.inhparent = f.oid
)
select distinct p.root as table, a.attname as column, f.kind, f.name, f.oid,
  coalesce(f.definition, '') as definition, coalesce(f.expression, '') as expression,
  coalesce(f.is_simple, false) as is_simple
from family as p
join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = p.oid and d.refobjsubid > 0
join pg_attribute as a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
cross join lateral (
  select case when r.rulename <> '_RETURN' then 'rule' when c.relkind = 'm' then 'materialized view' else 'view' end
      as kind,
    case when r.rulename <> '_RETURN' then format('%%I on %%s', r.rulename, c.oid::regclass)
      else c.oid::regclass::text end as name,
    c.oid,
    case when r.rulename <> '_RETURN' then pg_get_ruledef(r.oid) end as definition, null as expression,
    c.relkind = 'v' and r.rulename = '_RETURN' and c.relacl is null
      and c.relowner = (select o.relowner from pg_class as o where o.oid = d.refobjid)
      and not exists (select from pg_trigger as t where t.tgrelid = c.oid)
      and not exists (select from pg_rewrite as x where x.ev_class = c.oid and x.oid <> r.oid)
      and not exists (select from pg_attrdef as x where x.adrelid = c.oid)
      and not exists (select from pg_description as x where x.classoid = 'pg_class'::regclass and x.objoid = c.oid)
      and not exists (
        select from pg_depend as x
        where x.refobjid in (c.oid, c.reltype) and x.refclassid in ('pg_class'::regclass, 'pg_type'::regclass)
          and x.deptype <> 'i' and x.objid <> r.oid
      )
      and not exists (
        select from pg_depend as x
        where x.classid = 'pg_class'::regclass and x.objid = c.oid and x.deptype = 'e'
      ) as is_simple
  from pg_rewrite as r join pg_class as c on c.oid = r.ev_class
  where d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
  union all
  select 'policy', format('%%I on %%s', p.polname, p.polrelid::regclass), p.oid, null, null, false
  from pg_policy as p where d.classid = 'pg_policy'::regclass and p.oid = d.objid
  union all
  select 'trigger', format('%%I on %%s', t.tgname, t.tgrelid::regclass), t.oid, pg_get_triggerdef(t.oid), null, false
  from pg_trigger as t where d.classid = 'pg_trigger'::regclass and t.oid = d.objid and not t.tgisinternal
  union all
  select 'generated column', format('%%s.%%I', x.adrelid::regclass, g.attname), x.oid, null, null, false
  from pg_attrdef as x
  join pg_attribute as g on g.attrelid = x.adrelid and g.attnum = x.adnum and g.attgenerated <> ''
  where d.classid = 'pg_attrdef'::regclass and x.oid = d.objid
    and (x.adrelid, x.adnum) <> (d.refobjid, d.refobjsubid)
  union all
  select 'index', i.indexrelid::regclass::text, i.indexrelid, pg_get_indexdef(i.indexrelid),
    concat_ws(', ', pg_get_expr(i.indexprs, i.indrelid, true), pg_get_expr(i.indpred, i.indrelid, true)), false
  from pg_index as i
  where d.classid = 'pg_class'::regclass and i.indexrelid = d.objid
    and (i.indexprs is not null or i.indpred is not null)
  union all
  select 'check constraint', format('%%I on %%s', k.conname, k.conrelid::regclass), k.oid, pg_get_constraintdef(k.oid),
    pg_get_expr(k.conbin, k.conrelid, true), false
  from pg_constraint as k
  where d.classid = 'pg_constraint'::regclass and k.oid = d.objid and k.contype = 'c'
  union all
  select 'publication', b.pubname || ' of ' || p.prrelid::regclass, p.oid, null, null, false
  from pg_publication_rel as p join pg_publication as b on b.oid = p.prpubid
  where d.classid = 'pg_publication_rel'::regclass and p.oid = d.objid
  union all
  select 'function', p.oid::regprocedure::text, p.oid, null, null, false
  from pg_proc as p where d.classid = 'pg_proc'::regclass and p.oid = d.objid
  union all
  select 'statistics object', s.stxnamespace::regnamespace || '.' || quote_ident(s.stxname), s.oid,
    pg_get_statisticsobjdef(s.oid), array_to_string(pg_get_statisticsobjdef_expressions(s.oid), ', '), false
  from pg_statistic_ext as s
  where d.classid = 'pg_statistic_ext'::regclass and s.oid = d.objid and s.stxexprs is not null
) as f
order by 1, 2, 3, 4
"""

#: Names that statements give to relations, and that are taken.
TAKEN: Final = "select n.name from unnest(%(names)s::text[]) as n (name) where to_regclass(n.name) is not null"
