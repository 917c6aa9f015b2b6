-- title: Names that need quotes
-- severity: info
-- key: object
-- why: Without quotes, the name is a syntax error or means another object: reserved words and capital letters are
--   read differently.
with named_object as (
  select r.schema, r.object as table_object, r.object, r.name, 'table' as kind, format('alter table %s rename to', r.quoted) as renames,
    r.schema_oid as container,
    r.name || 's' as instead
  from relation as r
  union all
  select r.schema, r.object, c.object, c.name, 'column', format('alter table %s rename column %s to', r.quoted, c.quoted), r.oid,
    regexp_replace(r.last_word, 's$', '') || '_' || c.name
  from table_column as c
  join relation as r on r.oid = c.relation
  where not c.is_inherited
  union all
  select h.name, null, h.name, h.name, 'schema', format('alter schema %I rename to', h.name), 0::oid, h.name || '_schema'
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
),
renamed as (
  select j.schema, j.table_object, j.object, j.kind, j.name, j.is_reserved, format('%s %I', j.renames, free.name) as statement
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
),
counted as (
  -- where many tables have such names, that is one habit
  select n.*,
    count(*) filter (where n.table_object is not null and n.number = 1) over (partition by n.schema) > 3
    and count(*) filter (where n.table_object is not null and n.number = 1) over (partition by n.schema) * 4
      >= coalesce(z.tables, 0) as is_habit
  from (
    select n.*, row_number() over (partition by n.schema, n.table_object order by n.object) as number from renamed as n
  ) as n
  left join (select r.schema, count(*) as tables from relation as r group by r.schema) as z on z.schema = n.schema
)
select g.object,
  case
    when g.names = 1 then format(
      case when g.reserved = 1 then 'the name of %s %s is a reserved word' else 'the name of %s %s needs double quotes' end,
      g.kind, g.first
    )
    else format(
      '%s names in %s need double quotes: %s%s', g.names, g.container, array_to_string(g.objects[:5], ', '),
      case when g.names > 5 then format(' and %s more', g.names - 5) else '' end
    )
  end as message,
  jsonb_build_object('names', to_jsonb(g.objects), 'reserved words', g.reserved) as evidence,
  g.statements as suggestion,
  -- programs that use the names must change too
  'redesign' as remedy
from (
  select n.object, n.container, count(*) as names, count(*) filter (where n.is_reserved) as reserved, min(n.kind) as kind,
    min(n.named) as first, array_agg(n.named order by n.named) as objects,
    -- by the names before: columns first, the schema last
    string_agg(n.statement, E';\n' order by array_position(array['column', 'table', 'schema'], n.kind), n.named) as statements
  from (
    select c.kind, c.object as named, c.is_reserved, c.statement,
      case when c.is_habit then c.schema else coalesce(c.table_object, c.object) end as object,
      case when c.is_habit or c.table_object is null then 'schema ' || c.schema else 'table ' || c.table_object end
        as container
    from counted as c
  ) as n
  group by n.object, n.container
) as g
order by g.object
