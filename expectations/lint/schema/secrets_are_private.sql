-- title: Secrets that other roles may read
-- severity: warning
-- key: object
-- why: Each role that may read the column can copy it without a trace. A password, a token or a card number that
--   leaves the database cannot be called back.
with guarded_column as (
  select c.relation, c.attnum, c.name, c.quoted, k.is_secret
  from table_column as c
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  cross join lateral (
    select (
        c.last_word in (
          'password', 'passwd', 'passphrase', 'secret', 'apikey', 'token', 'credential', 'credentials', 'privatekey', 'pin',
          'cvv', 'cvc', 'totp', 'otp'
        )
        or c.words && array['password', 'passwd', 'secret'] and c.last_word in ('hash', 'digest', 'salt', 'encrypted', 'key', 'enc')
        or c.words @> array['api', 'key'] or c.words @> array['private', 'key']
      )
      and c.family in ('text', 'bytea', 'uuid', 'json') as is_secret,
      (
        c.last_word in (
          'ssn', 'iban', 'passport', 'email', 'phone', 'birthday', 'birthdate', 'dob', 'diagnosis', 'salary', 'religion'
        )
        or c.words @> array['card', 'number'] or c.words @> array['tax', 'id'] or c.words @> array['birth', 'date']
        or c.words @> array['national', 'id'] or c.words @> array['credit', 'card'] or c.words @> array['date', 'of', 'birth']
      )
      and c.family in ('text', 'bytea', 'date', 'numeric', 'integer', 'json', 'float', 'money') as is_personal
  ) as k
  where (k.is_secret or k.is_personal)
    and not o.is_reference
),
reader as (
  -- PUBLIC by its grants, and roles that may log in, but own no table of it and are no superusers
  select g.relation, g.attnum, g.name, g.is_secret, 'PUBLIC' as role, true as is_public
  from guarded_column as g
  join pg_class as c on c.oid = g.relation
  where has_column_privilege('public', g.relation, g.attnum, 'select')
    -- a policy decides, row by row
    and not c.relrowsecurity
  union all
  select g.relation, g.attnum, g.name, g.is_secret, a.rolname::text, false
  from guarded_column as g
  join pg_class as c on c.oid = g.relation
  cross join pg_roles as a
  where a.rolcanlogin
    and not a.rolsuper
    and a.rolname !~ '^pg_'
    and not pg_has_role(a.oid, c.relowner, 'usage')
    and not pg_has_role(a.oid, 'pg_read_all_data', 'usage')
    and (not c.relrowsecurity or a.rolbypassrls)
    and has_column_privilege(a.oid, g.relation, g.attnum, 'select')
    and not has_column_privilege('public', g.relation, g.attnum, 'select')
),
counted as (
  select e.relation, bool_or(e.is_public) as is_public, bool_or(e.is_secret) as is_secret,
    array_agg(distinct e.name order by e.name) as names, array_agg(distinct e.role order by e.role) as roles
  from reader as e
  group by e.relation
)
select r.object,
  case
    when d.is_public and d.is_secret then 'critical'
    when d.is_public or d.is_secret and cardinality(d.roles) > 1 then 'warning'
    else 'info'
  end as severity,
  case
    when d.is_public then format('every role may read %s of table %s, because PUBLIC may', array_to_string(d.names, ', '), r.object)
    else format(
      '%s may read %s of table %s',
      case
        when cardinality(d.roles) = 1 then 'role ' || d.roles[1]
        else format('%s roles (%s)', cardinality(d.roles), array_to_string(d.roles[:5], ', ')
          || case when cardinality(d.roles) > 5 then format(' and %s more', cardinality(d.roles) - 5) else '' end)
      end,
      array_to_string(d.names, ', '), r.object
    )
  end as message,
  jsonb_build_object('columns', d.names, 'roles', d.roles) as evidence,
  case
    when d.is_public then format(
      E'-- grant select to the roles that need it first\nrevoke select on %s from public', r.quoted
    )
    else format('does each of these roles need %s? If not, grant the other columns alone', array_to_string(d.names, ', '))
  end as suggestion,
  'redesign' as remedy
from counted as d
join relation as r on r.oid = d.relation
order by r.object
