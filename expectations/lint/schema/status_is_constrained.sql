-- title: Status without a lookup table
-- severity: warning
-- key: object
-- why: A misspelt status is stored like a correct one, and queries for the correct one miss the row. A CHECK with a
--   list prevents that, but the list cannot be joined or described, and each new value needs DDL.
with status as (
  select c.*, r.quoted as quoted_table, r.name as table_name, t.quoted as listing_constraint, t.definition as list,
    coalesce(greatest(p.counted, p.share * r.rows), 0) as n_distinct,
    format('%I.%I', r.schema, l.name) as lookup
  from status_column as c
  join relation as r on r.oid = c.relation
  left join (
    select distinct on (t.relation, t.attnums) t.*
    from table_constraint as t
    where t.kind = 'c'
      and t.definition ~ '= ANY \(+ARRAY\['
      and t.definition !~ '\mVALUE\M'
    order by t.relation, t.attnums, t.name
  ) as t on t.relation = c.relation and t.attnums = array[c.attnum] and c.is_status
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
    and not exists (select from foreign_key as f where f.relation = c.relation and c.attnum = any(f.attnums))
    and not exists (
      select
      from table_constraint as k
      -- checks of the length, or against empty texts, do not restrict the values
      cross join lateral (
        select regexp_replace(
          regexp_replace(
            regexp_replace(k.definition, '\(?("[^"]+"|\w+)\)? IS (NOT )?NULL', '', 'g'),
            '((char|character|octet)_)?length\((btrim)?\(?("[^"]+"|\w+)(\)?::text)?\)+ *[<>=]+ *\d+', '', 'g'
          ),
          '("[^"]+"|\w+)(\)?::text)? <> ''''::text', '', 'g'
        ) as text
      ) as w
      where k.relation = c.relation
        and k.kind = 'c'
        and c.attnum = any(k.attnums)
        and k.oid is distinct from t.oid
        and (w.text ~ ('\m' || regexp_replace(c.name, '\W', '.', 'g') || '\M') or w.text ~ '\mVALUE\M')
    )
)
select s.object,
  case when s.listing_constraint is not null then 'info' else 'warning' end as severity,
  case
    when s.listing_constraint is not null then format(
      'the values of %s are listed in the constraint %s only', s.object, s.listing_constraint
    )
    else format('column %s (%s) accepts any value: it has no CHECK, enum type or foreign key', s.object, s.type_name)
  end as message,
  jsonb_build_object('type', s.type_name)
  || case when s.listing_constraint is not null then jsonb_build_object('check', s.list) else '{}' end as evidence,
  format(
    E'create table %1$s (%2$s %3$s primary key%4$s);\ninsert into %1$s (%2$s) %5$s;\n'
    'alter table %6$s add constraint %7$I foreign key (%8$s) references %1$s (%2$s) not valid;\n'
    'alter table %6$s validate constraint %7$I%9$s',
    s.lookup,
    case when s.family = 'integer' then 'code' else 'name' end,
    format_type(s.type, s.typmod),
    case when s.family = 'integer' then ', name text unique' else '' end,
    case
      when v.list is not null then format('select distinct unnest(array[%s])', v.list)
        -- a check of upper(...) accepts more spellings than it lists
        || case
          when s.list ~ '\m(lower|upper|btrim|initcap)\(' then format(
            ' union select %1$s from %2$s where %1$s is not null', s.quoted, s.quoted_table
          )
          else ''
        end
      else format('select distinct %1$s from %2$s where %1$s is not null', s.quoted, s.quoted_table)
        || case when s.default_expression is null then '' else format(
          ' union select %1$s where (%1$s) is not null', s.default_expression
        ) end
    end,
    s.quoted_table, left(s.table_name || '_' || s.name, 57) || '_known', s.quoted,
    case
      when s.listing_constraint is null then ''
      else format(E';\nalter table %s drop constraint %s', s.quoted_table, s.listing_constraint)
    end
  ) as suggestion,
  'statement' as remedy
from status as s
left join lateral (
  select substring(s.list from 'ARRAY\[(.*?)\]') as list
) as v on s.listing_constraint is not null
where s.n_distinct <= 100
order by s.object
