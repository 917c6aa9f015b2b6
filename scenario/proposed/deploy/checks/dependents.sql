-- A part of checks/tables.sql and of contract.sql. Can be run again, in a transaction; `order-audit migrate plan` runs it.
-- Finds all that depends on the old tables, before and after the switch, without the migration's own objects. Only reads.
-- The result is the setting migration.dependents of this transaction, a JSON array: a view would be an object more to
-- create and drop, and a query alone would print its rows in psql. Each element has `kind`, `name`, `tab`, and
-- `stops`, why the object cannot be migrated, if so; `at_switch` and `at_contract`, what these steps do to it;
-- `blocks`, whether `contract` waits until it is gone.

do $$
declare
  dependents jsonb;
begin
  with old as (
    select c.oid, c.relname as tab, c.reltype, t.typarray, c.relowner, c.relnamespace, c.relacl
    from pg_catalog.pg_class as c
    join pg_catalog.pg_type as t on t.oid = c.reltype
    where c.relkind = 'r' and c.relname in ('customers', 'orders') and c.relnamespace = coalesce(
      (select m.relnamespace from pg_catalog.pg_class as m
       join pg_catalog.pg_namespace as n on n.oid = m.relnamespace
       where n.nspname = 'migration' and m.relname = c.relname and m.relkind = 'r'),
      to_regnamespace('public')
    )
  ), own as (
    select n.oid from pg_catalog.pg_namespace as n
    where n.nspname in ('sales', 'sales_private', 'sales_old', 'migration', 'order_audit')
  ), depending as (
    -- on the table, its columns and constraints
    select distinct d.classid, d.objid, o.tab, false as by_type
    from pg_catalog.pg_depend as d
    join old as o on o.oid = case d.refclassid
      when 'pg_catalog.pg_class'::regclass then d.refobjid
      when 'pg_catalog.pg_constraint'::regclass
        then (select k.conrelid from pg_catalog.pg_constraint as k where k.oid = d.refobjid)
    end
    where d.deptype = 'n'
    union
    -- on the type of its rows
    select d.classid, d.objid, o.tab, true
    from pg_catalog.pg_depend as d
    join old as o on d.refobjid in (o.reltype, o.typarray)
    where d.deptype = 'n' and d.refclassid = 'pg_catalog.pg_type'::regclass
  ), found (kind, name, tab, stops, at_switch, at_contract, blocks) as (
    select 'foreign key', format('%I on %s', k.conname, k.conrelid::regclass), o.tab, null,
      'references the old table in the schema migration, and is enforced as before',
      'blocks it: drop it, or let it reference sales.' || o.tab, true
    from pg_catalog.pg_constraint as k
    join old as o on o.oid = k.confrelid
    join pg_catalog.pg_class as c on c.oid = k.conrelid
    where k.contype = 'f' and k.conparentid = 0 and k.conrelid not in (select w.oid from old as w)
      and c.relnamespace not in (select w.oid from own as w)

    union all
    select distinct case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'rule' end,
      case when c.relkind in ('v', 'm') then c.oid::regclass::text else format('%I on %s', r.rulename, c.oid::regclass) end,
      d.tab, null, 'reads the old table in the schema migration, which has the same rows',
      'blocks it: drop it, and create it on the views with the old names, or on the schema sales', true
    from depending as d
    join pg_catalog.pg_rewrite as r on r.oid = d.objid
    join pg_catalog.pg_class as c on c.oid = r.ev_class
    where d.classid = 'pg_catalog.pg_rewrite'::regclass and c.oid not in (select w.oid from old as w)
      and c.relnamespace not in (select w.oid from own as w)

    union all
    select 'rule', format('%I on %s', r.rulename, o.tab), o.tab,
      'it would rewrite the statements that copy rows; replace it by a trigger', 'moves with the table', 'blocks it: drop it',
      true
    from pg_catalog.pg_rewrite as r
    join old as o on o.oid = r.ev_class

    union all
    select 'function', p.oid::regprocedure::text, d.tab,
      case when bool_or(d.by_type and exists (
        select from old as o where o.tab = d.tab and p.proargtypes::oid[] && array[o.reltype, o.typarray]
      )) then 'it takes rows of the table, and rows of the view have another type; let it take the key' end,
      'uses the old table in the schema migration, which has the same rows',
      'blocks it: drop it, and create it on the views with the old names, or on the schema sales', true
    from depending as d
    join pg_catalog.pg_proc as p on p.oid = d.objid
    where d.classid = 'pg_catalog.pg_proc'::regclass and p.pronamespace not in (select w.oid from own as w)
    group by p.oid, d.tab

    union all
    -- texts of functions are not dependencies: this is a search for the name
    select 'function', p.oid::regprocedure::text, o.tab, null,
      'has the name in its text: it uses the view, which rejects TRUNCATE and ON CONFLICT (key)', 'continues with the view', false
    from pg_catalog.pg_proc as p
    join pg_catalog.pg_language as l on l.oid = p.prolang
    join old as o on p.prosrc ~* format('\m%s\M', o.tab)
    where l.lanname not in ('internal', 'c') and p.pronamespace not in (select w.oid from own as w)
      and p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      and not exists (
        select from pg_catalog.pg_depend as e
        where e.classid = 'pg_catalog.pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e'
      )
      and not exists (
        select from depending as d where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.tab = o.tab
      )

    union all
    select case when f.pronamespace = to_regnamespace('order_audit') then 'guard' else 'trigger' end,
      format('%I on %s', t.tgname, o.tab), o.tab,
      case when t.tgname in ('migration_insert', 'migration_update', 'migration_delete', 'migration_truncate', 'migration_round')
        then 'the migration''s own trigger has this name; rename it' end,
      'moves with the table, and fires for writes to the view and to the new tables',
      case when f.pronamespace = to_regnamespace('order_audit') then 'is dropped: order-audit fixes made it for the old table'
        else 'blocks it: drop it, or create it on the new tables' end,
      f.pronamespace is distinct from to_regnamespace('order_audit')
    from pg_catalog.pg_trigger as t
    join old as o on o.oid = t.tgrelid
    join pg_catalog.pg_proc as f on f.oid = t.tgfoid
    where not t.tgisinternal and f.pronamespace is distinct from to_regnamespace('migration')

    union all
    select 'publication', format('%I', p.pubname), o.tab,
      'its subscribers would lose the table of this name at the switch; '
        || case when p.puballtables then 'replace it by one that lists its tables, without this one'
             when exists (select from pg_catalog.pg_publication_rel as r where r.prpubid = p.oid and r.prrelid = o.oid)
               then 'drop the table from it'
             else 'replace it by one that lists its tables, without this one' end
        || ', and publish the tables of the schema sales from step synchronise on',
      'publishes the table under another name, or no longer', 'blocks it: drop the table from it', true
    from pg_catalog.pg_publication as p
    join old as o on p.puballtables
      or exists (select from pg_catalog.pg_publication_rel as r where r.prpubid = p.oid and r.prrelid = o.oid)
      or exists (
        select from pg_catalog.pg_publication_namespace as n where n.pnpubid = p.oid and n.pnnspid = o.relnamespace
      )

    union all
    select 'subscription', format('%I', s.subname), o.tab,
      'it writes to the table, and the server rejects a view as its target; drop it first',
      'fails: its target is a view', 'blocks it: drop it', true
    from pg_catalog.pg_subscription_rel as r
    join pg_catalog.pg_subscription as s on s.oid = r.srsubid
    join old as o on o.oid = r.srrelid

    union all
    select 'policy', format('%I on %s', p.polname, o.tab), o.tab, null,
      'moves with the table; row-level security is off, so it has no effect',
      'blocks it: drop it, or create it on the new tables', true
    from pg_catalog.pg_policy as p
    join old as o on o.oid = p.polrelid

    union all
    select 'policy', format('%I on %s', p.polname, p.polrelid::regclass), d.tab, null,
      'reads the old table in the schema migration, which has the same rows',
      'blocks it: drop it, and create it on the views with the old names, or on the schema sales', true
    from depending as d
    join pg_catalog.pg_policy as p on p.oid = d.objid
    where d.classid = 'pg_catalog.pg_policy'::regclass and p.polrelid not in (select w.oid from old as w)

    union all
    select distinct 'object', pg_describe_object(d.classid, d.objid, 0), d.tab,
      case when d.by_type
        then 'it uses the type of the table''s rows, and rows of the view have another type; list its columns' end,
      'keeps the old table', 'blocks it: drop it', true
    from depending as d
    where d.classid not in (
        'pg_catalog.pg_constraint'::regclass, 'pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_proc'::regclass,
        'pg_catalog.pg_policy'::regclass, 'pg_catalog.pg_trigger'::regclass, 'pg_catalog.pg_attrdef'::regclass
      )
      and not exists (
        select from pg_catalog.pg_class as c
        where d.classid = 'pg_catalog.pg_class'::regclass and c.oid = d.objid and (
          c.relnamespace in (select w.oid from own as w)
          or exists (select from pg_catalog.pg_index as i join old as w on w.oid = i.indrelid where i.indexrelid = c.oid)
        )
      )

    union all
    select 'grant', format('%s to %s', string_agg(distinct a.privilege_type, ', ' order by a.privilege_type),
        case when a.grantee = 0 then 'public' else pg_get_userbyid(a.grantee)::text end), o.tab, null,
      case
        when bool_and(a.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'REFERENCES', 'TRIGGER'))
          then 'is granted on the view'
        else 'is granted on the view, without TRUNCATE and MAINTAIN, which views lack'
      end, 'stays on the view', false
    from old as o
    cross join lateral (
      select o.relacl as acl
      union all
      select t.attacl from pg_catalog.pg_attribute as t where t.attrelid = o.oid and t.attnum > 0 and t.attacl is not null
    ) as g
    cross join lateral aclexplode(g.acl) as a
    where a.grantee <> o.relowner
    group by o.tab, a.grantee
  ), whole as (
    select f.kind, f.name, string_agg(f.tab, ', ' order by f.tab) as tab, f.stops, f.at_switch, f.at_contract, f.blocks
    from found as f
    group by f.kind, f.name, f.stops, f.at_switch, f.at_contract, f.blocks
  )
  select coalesce(jsonb_agg(to_jsonb(d) order by d.kind, d.name, d.tab), '[]') into dependents from whole as d;
  perform set_config('migration.dependents', dependents::text, true);
end
$$;
