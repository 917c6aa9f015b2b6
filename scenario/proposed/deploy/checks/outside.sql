-- A part of contract.sql, and of the reverts of prepare and expand. Can be run again: it creates functions of this session.
-- Objects outside of the migration's schemas that depend on schemas to be dropped, and would be dropped with them.

-- Return their names; null for none.
create or replace function pg_temp.outside(dropped text[]) returns text
language plpgsql
as $$
declare
  found text;
begin
  with own as (
    select n.oid, n.nspname = any(dropped) as goes from pg_catalog.pg_namespace as n
    where n.nspname in ('sales', 'sales_private', 'sales_old', 'migration')
  ), inside as (
    select 'pg_catalog.pg_class'::regclass as classid, c.oid from pg_catalog.pg_class as c
    where c.relnamespace in (select w.oid from own as w where w.goes)
    union all
    select 'pg_catalog.pg_type'::regclass, t.oid from pg_catalog.pg_type as t
    where t.typnamespace in (select w.oid from own as w where w.goes)
    union all
    select 'pg_catalog.pg_proc'::regclass, p.oid from pg_catalog.pg_proc as p
    where p.pronamespace in (select w.oid from own as w where w.goes)
  ), depending as (
    select d.classid, d.objid from pg_catalog.pg_depend as d
    join inside as i on i.classid = d.refclassid and i.oid = d.refobjid
    where d.deptype = 'n'
  ), others (name) as (
    select format(
        '%s %s', case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'rule on' end, c.oid::regclass
      )
    from depending as d
    join pg_catalog.pg_rewrite as r on d.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = d.objid
    join pg_catalog.pg_class as c on c.oid = r.ev_class
    where c.relnamespace not in (select w.oid from own as w)
    union
    select format('foreign key %I on %s', k.conname, c.oid::regclass)
    from pg_catalog.pg_constraint as k
    join pg_catalog.pg_class as c on c.oid = k.conrelid
    where k.contype = 'f' and k.conparentid = 0 and k.confrelid in (select i.oid from inside as i)
      and c.relnamespace not in (select w.oid from own as w)
    union
    select format('trigger %I on %s', t.tgname, t.tgrelid::regclass)
    from pg_catalog.pg_trigger as t
    join pg_catalog.pg_proc as p on p.oid = t.tgfoid
    where not t.tgisinternal and t.tgrelid in (select i.oid from inside as i)
      and p.pronamespace not in (select w.oid from own as w)
    union
    select format('table %s in publication %I', r.prrelid::regclass, p.pubname)
    from pg_catalog.pg_publication_rel as r
    join pg_catalog.pg_publication as p on p.oid = r.prpubid
    where r.prrelid in (select i.oid from inside as i)
    union
    select format('schema %I in publication %I', n.pnnspid::regnamespace, p.pubname)
    from pg_catalog.pg_publication_namespace as n
    join pg_catalog.pg_publication as p on p.oid = n.pnpubid
    where n.pnnspid in (select w.oid from own as w where w.goes)
    union
    select pg_describe_object(d.classid, d.objid, 0)
    from depending as d
    where (d.classid = 'pg_catalog.pg_proc'::regclass and d.objid not in (
        select p.oid from pg_catalog.pg_proc as p where p.pronamespace in (select w.oid from own as w)
      ))
      or (d.classid = 'pg_catalog.pg_policy'::regclass and d.objid not in (
        select p.oid from pg_catalog.pg_policy as p join inside as i on i.oid = p.polrelid
      ))
      or (d.classid = 'pg_catalog.pg_class'::regclass and d.objid not in (
        select c.oid from pg_catalog.pg_class as c where c.relnamespace in (select w.oid from own as w)
      ))
  )
  select string_agg(o.name, ', ' order by o.name) into found from others as o;
  return found;
end
$$;

-- For a way back, which nothing may keep from being taken: the warning has their names.
create or replace function pg_temp.warn_of_outside(dropped text[]) returns void
language plpgsql
as $$
declare
  found constant text := pg_temp.outside(dropped);
begin
  if found is not null then
    raise warning 'objects that depend on the schemas % are dropped with them: %', array_to_string(dropped, ', '), found;
  end if;
end
$$;
