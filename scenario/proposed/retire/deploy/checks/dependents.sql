-- A part of retire.sql. Can be run again, in a transaction; `order-audit migrate plan` runs it alone.
-- Finds all that depends on what retire drops: the views for old applications, the schema sales_old, and the old
-- sequences. Only reads. The result is the setting migration.dependents of this transaction, a JSON array, as in
-- ../../../deploy/checks/dependents.sql. Each element has `name`; `effect`, what retire does to the object; and `blocks`,
-- whether retire waits until it is gone.

do $$
declare
  dependents jsonb;
begin
  with views as (
    select c.oid
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relname in ('customers', 'orders') and c.relkind = 'v'
  ), relations as (
    select v.oid from views as v
    union
    select c.oid from pg_catalog.pg_class as c
    where c.relnamespace = to_regnamespace('sales_old') and c.relkind = 'r'
      and c.relname in ('schedule_bits', 'delivery_texts', 'null_args', 'carried')
    union
    -- the old sequences, which functions depend on
    select c.oid from pg_catalog.pg_depend as d
    join pg_catalog.pg_class as c on c.oid = d.refobjid and c.relkind = 'S'
    where d.classid = 'pg_catalog.pg_proc'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
      and d.objid in (to_regprocedure('sales_old.next_customer_id()'), to_regprocedure('sales_old.next_order_id()'))
  ), functions as (
    select p.oid from pg_catalog.pg_proc as p
    where p.pronamespace = to_regnamespace('sales_old') and p.proname in (
      'write_bits', 'write_text', 'write_secret', 'delivery', 'write_customer', 'write_order', 'refuse_overtaken',
      'comparable_order', 'write_carried', 'give_id', 'next_customer_id', 'next_order_id', 'shown', 'hide_secrets', 'key_column',
      'limit_waits'
    )
  ), types as (
    select t.oid, t.typarray from pg_catalog.pg_type as t where t.typrelid in (select r.oid from relations as r)
  ), dropped (classid, oid) as (
    select 'pg_catalog.pg_class'::regclass::oid, r.oid from relations as r
    union all
    select 'pg_catalog.pg_proc'::regclass, f.oid from functions as f
    union all
    select 'pg_catalog.pg_type'::regclass, unnest(array[t.oid, t.typarray]) from types as t
    union all
    select 'pg_catalog.pg_namespace'::regclass, n.oid from pg_catalog.pg_namespace as n where n.nspname = 'sales_old'
  ), depending (classid, objid, subid) as (
    select d.classid, d.objid, d.objsubid
    from pg_catalog.pg_depend as d
    join dropped as g on g.classid = d.refclassid and g.oid = d.refobjid
    -- an array type, a view's rule, and the sequence of an identity are parts of their object
    where d.deptype in ('n', 'a') and not exists (select from dropped as s where s.classid = d.classid and s.oid = d.objid)
      and d.classid not in ('pg_catalog.pg_default_acl'::regclass, 'pg_catalog.pg_rewrite'::regclass)
      and not (d.classid = 'pg_catalog.pg_class'::regclass and exists (
        select from pg_catalog.pg_class as c
        left join pg_catalog.pg_index as i on i.indexrelid = c.oid
        where c.oid = d.objid and (i.indrelid in (select r.oid from relations as r) or exists (
          select from pg_catalog.pg_depend as p
          where p.classid = d.classid and p.objid = c.oid and p.deptype = 'i'
            and p.refobjid in (select r.oid from relations as r)
        ))
      ))
      and not (d.classid = 'pg_catalog.pg_attrdef'::regclass and exists (
        select from pg_catalog.pg_attrdef as a where a.oid = d.objid and a.adrelid in (select r.oid from relations as r)
      ))
      and not (d.classid = 'pg_catalog.pg_constraint'::regclass and exists (
        select from pg_catalog.pg_constraint as k where k.oid = d.objid and k.conrelid in (select r.oid from relations as r)
      ))
      -- the migration's own triggers, on its own tables
      and not (d.classid = 'pg_catalog.pg_trigger'::regclass and exists (
        select from pg_catalog.pg_trigger as t
        join pg_catalog.pg_class as c on c.oid = t.tgrelid
        where t.oid = d.objid and (
          t.tgisinternal or t.tgfoid = to_regprocedure('sales.touch()') or t.tgfoid in (select f.oid from functions as f)
        ) and (
          c.oid in (select r.oid from relations as r)
          or c.relnamespace in (to_regnamespace('sales'), to_regnamespace('sales_private'))
        )
      ))
    union
    -- a view, or a rule that was added
    select case r.rulename when '_RETURN' then 'pg_catalog.pg_class'::regclass else 'pg_catalog.pg_rewrite'::regclass end,
      case r.rulename when '_RETURN' then r.ev_class else r.oid end, 0
    from pg_catalog.pg_depend as d
    join dropped as g on g.classid = d.refclassid and g.oid = d.refobjid
    join pg_catalog.pg_rewrite as r on r.oid = d.objid
    where d.classid = 'pg_catalog.pg_rewrite'::regclass
      and not (r.rulename = '_RETURN' and r.ev_class in (select t.oid from relations as t))
  ), found (name, effect, blocks) as (
    select pg_describe_object(d.classid, d.objid, d.subid),
      'blocks it: drop it, or create it on the schema sales', true
    from depending as d

    union
    select format('table %s of subscription %I', r.srrelid::regclass, s.subname), 'blocks it: drop the subscription', true
    from pg_catalog.pg_subscription_rel as r
    join pg_catalog.pg_subscription as s on s.oid = r.srsubid
    where r.srrelid in (select t.oid from relations as t)

    union
    -- texts of functions are not dependencies: this is a search for the names, without those of another schema
    select pg_describe_object('pg_catalog.pg_proc'::regclass, p.oid, 0),
      'is kept, and fails if its text means a view: the text has the name customers or orders', false
    from pg_catalog.pg_proc as p
    join pg_catalog.pg_language as l on l.oid = p.prolang
    where l.lanname not in ('internal', 'c') and replace(p.prosrc, '"', '') ~* '(\mpublic\.|(?<![.\w]))(customers|orders)\M'
      and p.pronamespace not in (
        select n.oid from pg_catalog.pg_namespace as n
        where n.nspname in ('sales', 'sales_private', 'sales_old', 'order_audit', 'pg_catalog', 'information_schema')
      )
      and not exists (
        select from pg_catalog.pg_depend as e
        where e.classid = 'pg_catalog.pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e'
      )
      and not exists (
        select from depending as d where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid
      )

    union
    select format(
        'privileges of %s on %s (%s)',
        case when a.grantee = 0 then 'public' else format('role %I', pg_get_userbyid(a.grantee)) end, c.oid::regclass,
        string_agg(distinct a.privilege_type, ', ' order by a.privilege_type)
      ), 'are dropped with it', false
    from pg_catalog.pg_class as c
    cross join lateral (
      select c.relacl as acl
      union all
      select t.attacl from pg_catalog.pg_attribute as t where t.attrelid = c.oid and t.attnum > 0 and t.attacl is not null
    ) as g
    cross join lateral aclexplode(g.acl) as a
    where c.oid in (select r.oid from relations as r) and c.relkind in ('v', 'S') and a.grantee <> c.relowner
    group by c.oid, a.grantee
  )
  select coalesce(jsonb_agg(to_jsonb(d) order by d.name, d.effect), '[]') into dependents from found as d;
  perform set_config('migration.dependents', dependents::text, true);
end
$$;
