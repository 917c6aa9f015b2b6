-- title: Function without a fixed search path
-- severity: warning
-- key: object
-- why: The function runs with the rights of its owner, and finds tables and functions by the caller's search path. A
--   caller who may create objects somewhere makes it use theirs.
select h.prefix || p.proname as object,
  format(
    '%s is SECURITY DEFINER, but has no search_path of its own',
    case
      when count(*) = 1 then format('function %s%s', h.prefix, min(p.signature))
      else format('each of %s functions %s%s', count(*), h.prefix, p.proname)
    end
  ) as message,
  jsonb_build_object(
    'language', string_agg(distinct p.language, ', '), 'may be called by PUBLIC', bool_or(p.is_public)
  ) as evidence,
  E'-- name each schema whose objects the body names without a schema\n' || string_agg(
    format(
      'alter %s %I.%s set search_path = pg_catalog, %I, pg_temp',
      case p.prokind when 'p' then 'procedure' else 'function' end, h.name, p.signature, h.name
    ),
    E';\n' order by p.signature
  ) as suggestion,
  'redesign' as remedy
from (
  select p.pronamespace, p.proname, p.prokind, l.lanname::text as language,
    format('%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) as signature,
    has_function_privilege('public', p.oid, 'execute') as is_public
  from pg_proc as p
  join pg_language as l on l.oid = p.prolang
  where p.prosecdef
    and p.prokind in ('f', 'p')
    -- names in a body of parsed SQL are already resolved
    and p.prosqlbody is null
    and l.lanname not in ('c', 'internal')
    and not exists (select from unnest(p.proconfig) as c (setting) where c.setting ~ '^search_path=')
    and not exists (
      select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
) as p
join audited_schema as h on h.oid = p.pronamespace
group by h.prefix, h.name, p.proname
order by 1
