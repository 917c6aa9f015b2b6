-- title: Code without allowed values
-- severity: info
-- key: object
-- why: A wrong code is stored like a right one. What each code means is defined in programs only, and reports show
--   numbers.
with code as (
  select c.relation, c.attnum, c.name, c.object, c.quoted, c.type_name, count(*) over (partition by c.relation) as codes,
    row_number() over (partition by c.relation order by c.attnum) as number,
    format(
      'count(t.%1$s) >= 20 and count(distinct t.%1$s) between %2$s and 20', c.quoted,
      -- what is always one currency is a code all the same
      case when c.last_word = 'currency' then 1 else 2 end
    ) as is_list
  from table_column as c
  join relation as r on r.oid = c.relation
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  left join (
    select p.schemaname, p.tablename, p.attname, max(p.n_distinct) as counted
    from pg_stats as p
    group by p.schemaname, p.tablename, p.attname
  ) as p on p.schemaname = r.schema and p.tablename = r.name and p.attname = c.name
  where (c.family = 'integer' or c.family = 'text' and not r.is_log)
    and not o.is_key
    and not o.is_reference
    and not o.looks_like_money
    and not c.is_generated
    and not c.is_inherited
    and not c.is_domain
    and coalesce(p.counted, 0) <= 20
    and (
      c.last_word in (
        'code', 'cd', 'type', 'typ', 'kind', 'level', 'lvl', 'grade', 'class', 'category', 'cat', 'priority', 'prio',
        'severity', 'tier', 'rank', 'rarity', 'visibility', 'protocol', 'proto', 'comparator', 'operator', 'method', 'mode',
        'sex', 'gender', 'stat', 'status', 'role', 'cond', 'condition', 'outcome', 'result', 'flag', 'action', 'direction',
        'privacy', 'difficulty', 'frequency', 'stars', 'rating', 'store', 'source', 'currency', 'map'
      )
      or c.words[cardinality(c.words) - 1:] = array['blood', 'group']
      or c.type = 1042 and c.typmod between 5 and 6
      or c.type = 1043 and c.typmod = 5
    )
    and not c.words && array['http', 'exit', 'zip', 'postal', 'post', 'response', 'error', 'color', 'colour', 'mime', 'content', 'media']
    -- of states and types, one of their own rules speaks
    and (c.relation, c.attnum) not in (select s.relation, s.attnum from status_column as s)
    and (c.relation, c.attnum) not in (select k.relation, k.attnum from implied_foreign_key as k)
    and (c.relation, c.attnum) not in (select k.relation, unnest(k.attnums) from implied_composite_key as k)
    -- polymorphic reference
    and not (
      c.last_word in ('type', 'kind')
      and (c.relation, c.words[:cardinality(c.words) - 1]) in (
        select b.relation, b.words[:cardinality(b.words) - 1]
        from table_column as b
        join column_role as e on e.relation = b.relation and e.attnum = b.attnum
        where b.last_word in ('id', 'uuid', 'gid', 'key')
          and not e.is_key
      )
    )
    and not exists (
      select from table_constraint as t where t.relation = c.relation and t.kind = 'c' and c.attnum = any(t.attnums)
    )
    and not exists (
      select
      from table_index as g
      where g.relation = c.relation and g.is_unique and not g.is_partial and g.attnums = array[c.attnum]
    )
)
select r.object,
  format('columns of table %s look like codes, and no CHECK, enum type or foreign key lists their values', r.object)
    as message,
  '{}'::jsonb as evidence,
  'which values are right? List those, not the present ones, in a CHECK, an enum type or a lookup table' as suggestion,
  'redesign' as remedy,
  jsonb_build_object(
    'from', min(s.source),
    'evidence', format(
      '(select jsonb_build_object(''distinct values'', jsonb_object_agg(v.name, v.distincts), ''message'', '
      'format(%L, string_agg(v.name, '', '' order by v.number), case when count(*) = 1 then ''looks like a code, and no CHECK, '
      'enum type or foreign key lists its values'' else ''look like codes, and no CHECK, enum type or foreign key lists their '
      'values'' end)) from (values %s) as v (number, name, distincts, is_list) where v.is_list)',
      replace(r.object, '%', '%%') || ': %s %s',
      string_agg(format('(%s, %L, count(distinct t.%s), %s)', c.number, c.name, c.quoted, c.is_list), ', ' order by c.number)
    ),
    'holds', string_agg(c.is_list, ' or ' order by c.number)
  )
  || case when bool_or(s.is_sampled) then jsonb_build_object('sampled rows', 'count(*)') else '{}' end as probe
from code as c
join relation as r on r.oid = c.relation
join sample as s on s.relation = c.relation
where c.number <= 30
group by r.oid, r.object
order by 1
