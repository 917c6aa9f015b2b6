-- title: Status without a lookup table
-- severity: warning
-- key: object
-- why: A misspelt status is stored like a correct one, and queries for the correct one miss the row. A CHECK with a
--   list prevents that, but the list cannot be joined or described, and each new value needs DDL.
with status as (
  select c.*, r.quoted as quoted_table, r.name as table_name, r.is_partitioned, q.source, q.is_sampled, t.quoted as listing_constraint, t.definition as list,
    coalesce(greatest(p.counted, p.share * r.rows), 0) as n_distinct,
    r.schema as schema_name, l.name as lookup
  from status_column as c
  join relation as r on r.oid = c.relation
  join sample as q on q.relation = c.relation
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
    and not c.is_inherited
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
  'info' as severity,
  case
    when s.listing_constraint is not null then format(
      'the values of %s are listed in the constraint %s only', s.object, s.listing_constraint
    )
    else format('column %s (%s) accepts any value: it has no CHECK, enum type or foreign key', s.object, s.type_name)
  end as message,
  jsonb_build_object('type', s.type_name)
  || case when s.listing_constraint is not null then jsonb_build_object('check', s.list) else '{}' end as evidence,
  case
    when s.is_known then format(
      E'create table %1$s (%2$s %3$s primary key%4$s);\ninsert into %1$s (%2$s) select distinct unnest(array[%5$s]);\n'
      'alter table %6$s add constraint %7$I foreign key (%8$s) references %1$s (%2$s)%9$s;\n'
      'alter table %6$s drop constraint %10$s',
      format('%I.%I', s.schema_name, s.lookup || case when s.number > 1 then '_' || s.number else '' end),
      case when s.family = 'integer' then 'code' else 'name' end,
      format_type(s.type, s.typmod),
      case when s.family = 'integer' then ', name text unique' else '' end,
      v.list, s.quoted_table, s.constraint_name, s.quoted,
      case
        -- partitioned tables support NOT VALID foreign keys from PostgreSQL 18 on
        when s.is_partitioned and current_setting('server_version_num')::int < 180000 then ''
        else format(E' not valid;\nalter table %s validate constraint %I', s.quoted_table, s.constraint_name)
      end,
      s.listing_constraint
    )
    when s.listing_constraint is not null
    then format('which spellings of the values that constraint %s lists are right? Only those belong into %s',
      s.listing_constraint, s.object)
    else format(
      'which values may %s have? List those, not the present ones, in a CHECK, an enum type or a lookup table',
      s.object
    )
  end as suggestion,
  case when s.is_known then 'statement' else 'redesign' end as remedy,
  case
    when s.listing_constraint is null then jsonb_build_object(
      'from', s.source,
      'distinct values', d.distincts,
      -- a few values that many rows repeat are a list
      'evidence', format(
        'jsonb_strip_nulls(jsonb_build_object(''severity'', case when count(t.%1$s) >= 20 and %2$s between 2 and 12 '
        'then %3$L end))', s.quoted, d.distincts, case when s.is_status then 'warning' else 'info' end
      ),
      -- numbers from 100 to 599 are those of HTTP
      'holds', d.distincts || ' <= 50' || case
        when s.family = 'integer'
        then format(' and (min(t.%1$s) between 100 and 599 and max(t.%1$s) between 100 and 599) is not true', s.quoted)
        else ''
      end
    )
    || case when s.is_sampled then jsonb_build_object('sampled values', format('count(t.%s)', s.quoted)) else '{}' end
  end as probe
from (
  select s.*, left(s.table_name || '_' || s.name, 57) || '_known' as constraint_name,
    -- a check of upper(...) accepts more spellings than it lists
    s.listing_constraint is not null and s.list !~ '\m(lower|upper|btrim|initcap)\(' as is_known,
    -- two findings may want a lookup table of one name
    row_number() over (partition by s.schema_name, s.lookup order by s.object) as number
  from status as s
) as s
left join lateral (
  select substring(s.list from 'ARRAY\[(.*?)\]') as list
) as v on s.listing_constraint is not null
cross join lateral (select format('count(distinct t.%s)', s.quoted) as distincts) as d
where s.n_distinct <= 100
order by s.object
