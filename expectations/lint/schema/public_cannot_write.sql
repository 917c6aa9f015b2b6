-- title: Other roles may write or create
-- severity: critical
-- key: object
-- why: PUBLIC includes every present and future role. A role that may create objects in a schema can add a function
--   or an operator that other roles run unknowingly, with their own rights.
with granted as (
  select m.root, m.oid, a.privilege_type as privilege, null::name as name
  from member as m
  join pg_class as c on c.oid = m.oid
  cross join lateral aclexplode(c.relacl) as a
  where a.grantee = 0
  union all
  select m.root, m.oid, a.privilege_type, t.attname
  from member as m
  join pg_attribute as t on t.attrelid = m.oid and t.attacl is not null and not t.attisdropped
  cross join lateral aclexplode(t.attacl) as a
  where a.grantee = 0
),
write_privilege as (
  select g.root, g.oid, string_agg(distinct lower(g.privilege), ', ' order by lower(g.privilege)) as privileges,
    array_agg(distinct g.name order by g.name) filter (where g.name is not null) as columns
  from granted as g
  where g.privilege in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
  group by g.root, g.oid
)
select h.name as object,
  format('every role may create objects in schema %s, because PUBLIC may', h.name) as message,
  jsonb_build_object('privileges', 'create') as evidence,
  format('revoke create on schema %I from public', h.name) as suggestion,
  'statement' as remedy
from audited_schema as h
join pg_namespace as n on n.oid = h.oid
where exists (select from aclexplode(n.nspacl) as a where a.grantee = 0 and a.privilege_type = 'CREATE')
union all
-- roles that are neither a superuser nor a member of the owner of the schema, its tables or the database
select h.name,
  format(
    '%s may create objects in schema %s, and %s of its owner %s', string_agg(g.name, ', ' order by g.name),
    h.name, case count(*) when 1 then 'is no member' else 'are no members' end, min(h.owner)
  ),
  jsonb_build_object('privileges', 'create', 'roles', string_agg(g.name, ', ' order by g.name)),
  string_agg(format('revoke create on schema %I from %s', h.name, g.name), E';\n' order by g.name),
  'statement'
from (
  select a.name, n.oid, n.nspacl, pg_get_userbyid(n.nspowner) as owner,
    array_remove(array[
      d.datdba,
      case when n.nspowner = 'pg_database_owner'::regrole then d.datdba else n.nspowner end,
      (
        select min(c.relowner::int8)::oid
        from pg_class as c
        where c.relnamespace = n.oid and c.relkind in ('r', 'p')
        having count(distinct c.relowner) = 1
      )
    ], null) as owners
  from audited_schema as a
  join pg_namespace as n on n.oid = a.oid
  cross join pg_database as d
  where d.datname = current_database()
) as h
cross join lateral (
  select quote_ident(pg_get_userbyid(a.grantee)) as name
  from aclexplode(h.nspacl) as a
  where a.privilege_type = 'CREATE' and a.grantee <> 0 and exists (
    select
    from pg_roles as r
    where r.rolcanlogin and not r.rolsuper and pg_has_role(r.oid, a.grantee, 'member')
      and has_database_privilege(r.oid, current_database(), 'connect')
      and not exists (select from unnest(h.owners) as o (owner) where pg_has_role(r.oid, o.owner, 'member'))
  )
  group by a.grantee
) as g
group by h.name
union all
select r.object,
  format(
    'every role may %s %s%s, because PUBLIC may',
    a.privileges,
    case
      when bool_or(w.oid = r.oid) then 'in table ' || r.object
      else format('in %s of %s %s of table %s', count(*), r.descendants, r.partition_noun, r.object)
    end,
    case
      when count(*) = 1 and max(cardinality(w.columns)) > 0
      then format(' (columns: %s)', max(array_to_string(w.columns, ', ')))
      else ''
    end
  ),
  jsonb_strip_nulls(
    jsonb_build_object(
      'privileges', max(w.privileges),
      'partitions',
      case when r.descendants > 0 then format('%s of %s', count(*) filter (where w.oid <> r.oid), r.descendants) end
    )
  ),
  string_agg(
    format('revoke %s on %I.%I from public', w.privileges, n.nspname, c.relname), E';\n' order by w.oid <> r.oid, c.relname
  ),
  'statement'
from write_privilege as w
join relation as r on r.oid = w.root
join pg_class as c on c.oid = w.oid
join pg_namespace as n on n.oid = c.relnamespace
join (
  select w.root, string_agg(distinct x.name, ', ' order by x.name) as privileges
  from write_privilege as w
  cross join lateral regexp_split_to_table(w.privileges, ', ') as x (name)
  group by w.root
) as a on a.root = w.root
group by r.oid, r.object, r.descendants, r.partition_noun, a.privileges
order by 1
