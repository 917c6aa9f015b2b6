-- title: Status without a lookup table
-- severity: warning
-- key: object
-- why: A misspelt status is stored like a right one, and the row drops out of every query that asks for the right
--   one. A list inside a CHECK holds that off, but can be neither joined nor described, and takes DDL to add to.
with status as (
  select c.*, r.named as table_named, r.name as table_name, t.named as listed_by, t.written as list,
    coalesce(greatest(p.counted, p.share * r.rows), 0) as n_distinct,
    format('%I.%I', r.schema, l.name) as lookup
  from state as c
  join relation as r on r.oid = c.relation
  left join (
    select distinct on (t.relation, t.places) t.*
    from tie as t
    where t.kind = 'c'
      and t.written ~ '= ANY \(+ARRAY\['
      and t.written !~ '\mVALUE\M'
    order by t.relation, t.places, t.name
  ) as t on t.relation = c.relation and t.places = array[c.place] and c.is_stage
  left join (
    select p.schemaname, p.tablename, p.attname, max(p.n_distinct) as counted, max(-p.n_distinct) as share
    from pg_stats as p
    group by p.schemaname, p.tablename, p.attname
  ) as p on p.schemaname = r.schema and p.tablename = r.name and p.attname = c.name
  cross join lateral (
    select case
        when cardinality(c.words) > 1
          and starts_with(r.words[1], c.words[1])
          and to_regclass(format('%I.%I', r.schema, c.name)) is null
          and to_regtype(format('%I.%I', r.schema, c.name)) is null
        then c.name
        else left(r.name || '_' || c.name, 57) || case
            when to_regclass(format('%I.%I', r.schema, r.name || '_' || c.name)) is null then ''
            else '_list'
          end
      end as name
  ) as l
  where c.family <> 'enum'
    and not exists (select from reference as f where f.relation = c.relation and c.place = any(f.places))
    and not exists (
      select
      from tie as k
      -- what only bounds the length, or keeps out the empty text, leaves every other value
      cross join lateral (
        select regexp_replace(
          regexp_replace(
            regexp_replace(k.written, '\(?("[^"]+"|\w+)\)? IS (NOT )?NULL', '', 'g'),
            '((char|character|octet)_)?length\((btrim)?\(?("[^"]+"|\w+)(\)?::text)?\)+ *[<>=]+ *\d+', '', 'g'
          ),
          '("[^"]+"|\w+)(\)?::text)? <> ''''::text', '', 'g'
        ) as text
      ) as w
      where k.relation = c.relation
        and k.kind = 'c'
        and c.place = any(k.places)
        and k.oid is distinct from t.oid
        and (w.text ~ ('\m' || regexp_replace(c.name, '\W', '.', 'g') || '\M') or w.text ~ '\mVALUE\M')
    )
)
select s.object,
  case when s.listed_by is not null then 'info' else 'warning' end as severity,
  case
    when s.listed_by is not null then format('the values of %s are a list inside the constraint %s', s.object, s.listed_by)
    else format('column %s (%s) takes any value: no CHECK, no enum, no foreign key', s.object, s.written)
  end as message,
  jsonb_build_object('type', s.written)
  || case when s.listed_by is not null then jsonb_build_object('check', s.list) else '{}' end as evidence,
  format(
    E'create table %1$s (%2$s %3$s primary key%4$s);\ninsert into %1$s (%2$s) %5$s;\n'
    'alter table %6$s add constraint %7$I foreign key (%8$s) references %1$s (%2$s) not valid;\n'
    'alter table %6$s validate constraint %7$I%9$s',
    s.lookup,
    case when s.family = 'integer' then 'code' else 'name' end,
    format_type(s.type, s.modifier),
    case when s.family = 'integer' then ', name text unique' else '' end,
    case
      when v.list is not null then format('select distinct unnest(array[%s])', v.list)
        -- a check of upper(...) takes more than what it lists
        || case
          when s.list ~ '\m(lower|upper|btrim|initcap)\(' then format(' union select %1$s from %2$s where %1$s is not null', s.named, s.table_named)
          else ''
        end
      else format('select distinct %1$s from %2$s where %1$s is not null', s.named, s.table_named)
        || case when s.preset is null then '' else format(' union select %1$s where (%1$s) is not null', s.preset) end
    end,
    s.table_named, left(s.table_name || '_' || s.name, 57) || '_known', s.named,
    case
      when s.listed_by is null then ''
      else format(E';\nalter table %s drop constraint %s', s.table_named, s.listed_by)
    end
  ) as suggestion,
  'statement' as remedy
from status as s
left join lateral (
  select substring(s.list from 'ARRAY\[(.*?)\]') as list
) as v on s.listed_by is not null
where s.n_distinct <= 100
order by s.object
