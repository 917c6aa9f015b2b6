-- title: Name that needs quotes
-- severity: info
-- key: object
-- why: Without quotes, the name is a syntax error or means another object: reserved words and capital letters are
--   read differently.
with named_object as (
  select r.object, r.name, 'table' as kind, format('alter table %s rename to', r.quoted) as renames,
    r.schema_oid as container,
    r.name || 's' as instead
  from relation as r
  union all
  select c.object, c.name, 'column', format('alter table %s rename column %s to', r.quoted, c.quoted), r.oid,
    regexp_replace(r.last_word, 's$', '') || '_' || c.name
  from table_column as c
  join relation as r on r.oid = c.relation
  union all
  select h.name, h.name, 'schema', format('alter schema %I rename to', h.name), 0::oid, h.name || '_schema'
  from audited_schema as h
),
reserved as (select k.word from pg_get_keywords() as k where k.catcode in ('R', 'T')),
judged as (
  select n.*, w.word is not null as is_reserved,
    case
      when w.word is not null then n.instead
      else regexp_replace(
        btrim(
          regexp_replace(
            lower(
              regexp_replace(
                regexp_replace(n.name, '([a-z0-9])([A-Z])', '\1_\2', 'g'), '([A-Z]+)([A-Z][a-z])', '\1_\2', 'g'
              )
            ),
            '[^a-z0-9]+', '_', 'g'
          ),
          '_'
        ),
        -- a name cannot begin with a digit
        '^(?=[0-9]|$)', '_'
      )
    end as plain
  from named_object as n
  left join reserved as w on w.word = n.name
  where w.word is not null
    or n.name !~ '^[a-z_][a-z0-9_$]*$'
)
select j.object,
  case
    when j.is_reserved then format('the name of %s %s is a reserved word', j.kind, j.object)
    else format('the name of %s %s needs double quotes', j.kind, j.object)
  end as message,
  jsonb_build_object('name', j.name, 'reserved word', j.is_reserved) as evidence,
  format('%s %I', j.renames, free.name) as suggestion,
  -- programs that use the name must change too
  'redesign' as remedy
from (
  select j.*, row_number() over (partition by j.kind, j.container, j.plain order by j.name) as number from judged as j
) as j
cross join lateral (
  select case when exists (select from reserved as w where w.word = j.plain) then j.instead_plain else j.plain end as name
  from (select j.plain, lower(regexp_replace(j.instead, '[^A-Za-z0-9]+', '_', 'g')) as instead_plain) as j
) as plain
cross join lateral (
  select left(plain.name, 60) || case
    when case j.kind
        when 'table' then exists (
          select from pg_class as c where c.relnamespace = j.container and c.relname = left(plain.name, 60)
        )
        when 'column' then exists (
          select from pg_attribute as a where a.attrelid = j.container and a.attname = left(plain.name, 60)
        )
        else exists (select from pg_namespace as n where n.nspname = left(plain.name, 60))
      end
    then '_' || j.number + 1
    when j.number > 1 then '_' || j.number
    else ''
  end as name
) as free
order by j.object
