-- title: Unique group without a unique key
-- severity: info
-- key: object
-- why: The same pair, or the same number within a group, can be stored twice. Joins then count it twice, and which of
--   the two rows is right is unknown.
with combination as (
  -- a link table with a key of its own: the pair that it links
  select f.relation, f.attnums, 'pair' as kind,
    -- what has a time may come again
    coalesce(bool_or(c.family in ('time', 'date', 'tstzrange', 'tsrange', 'daterange')), false) or min(r.has_time) = 1
      or count(c.attnum) > 1
      as may_repeat
  from (
    select f.relation, array_agg(distinct u.attnum order by u.attnum) as attnums
    from foreign_key as f
    cross join lateral unnest(f.attnums) as u (attnum)
    group by f.relation
    having count(*) = 2 and count(distinct u.attnum) = 2
  ) as f
  left join (
    select o.relation, o.attnum from column_role as o where not o.is_key and not o.is_audit and not o.is_reference
  ) as o on o.relation = f.relation
  join (
    select c.relation, max(case when c.family in ('time', 'date') then 1 else 0 end) as has_time
    from table_column as c
    group by c.relation
  ) as r on r.relation = f.relation
  left join table_column as c on c.relation = o.relation and c.attnum = o.attnum
  group by f.relation, f.attnums
  having count(c.attnum) <= 3
  union all
  -- a number within the rows of one parent
  select c.relation, array[p.attnum, c.attnum], 'number', true
  from table_column as c
  join (
    select o.relation, min(o.attnum) as attnum
    from column_role as o
    join table_column as c on c.relation = o.relation and c.attnum = o.attnum
    where o.is_reference and c.is_not_null and not o.is_audit
    group by o.relation
    having count(*) = 1
  ) as p on p.relation = c.relation
  where c.family = 'integer'
    and c.last_word in ('position', 'ordinal', 'seq', 'sequence', 'lineno', 'idx')
    or c.family = 'integer' and c.words in (array['line', 'number'], array['line', 'no'], array['sort', 'order'], array['number'])
  union all
  -- a name, a code or a version within the rows of one parent, or of the tenant where there are several
  select c.relation, array[p.attnum, c.attnum], case when c.family = 'integer' then 'version' else 'name' end, true
  from table_column as c
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  join (
    select distinct on (c.relation) c.relation, c.attnum, n.is_scope or count(*) over (partition by c.relation) = 1 as is_one
    from table_column as c
    join column_role as o on o.relation = c.relation and o.attnum = c.attnum
    left join implied_foreign_key as k on k.relation = c.relation and k.attnum = c.attnum and k.matched_by <= 3
    cross join lateral (
      select c.words && array[
          'tenant', 'org', 'organization', 'organisation', 'workspace', 'company', 'shop', 'site', 'project'
        ] as is_scope
    ) as n
    where (o.is_reference or k.relation is not null)
      and c.is_not_null
      and not o.is_audit
    order by c.relation, n.is_scope desc, c.attnum
  ) as p on p.relation = c.relation and p.is_one and p.attnum <> c.attnum
  where not o.is_reference
    and not c.is_generated
    and (
      c.family = 'text'
        and c.last_word in ('name', 'key', 'slug', 'number', 'no', 'nr', 'code', 'tag', 'label')
        and not c.words && array['currency', 'country', 'language', 'first', 'last', 'middle', 'zip', 'postal', 'phone']
      or c.family = 'integer'
        and (
          c.last_word in ('version', 'versionno', 'revision')
          or c.words in (array['version', 'no'], array['version', 'number'], array['revision', 'no'])
        )
    )
  union all
  -- what another system calls the row, and that system
  select c.relation, array[p.attnum, c.attnum], 'origin', true
  from table_column as c
  join table_column as p on p.relation = c.relation and p.attnum <> c.attnum and p.is_not_null
    and p.family in ('text', 'enum', 'integer') and p.words = c.words[:cardinality(p.words)]
  where c.family = 'text'
    and cardinality(c.words) > cardinality(p.words)
    and c.last_word in ('id', 'uid', 'ref', 'reference', 'key', 'number')
)
select r.object || '.' || '(' || n.names || ')' as object,
  format(
    case
      when k.kind = 'pair' then 'table %s links two tables, and no unique key keeps a pair of (%s) from being stored twice'
      else 'in table %s, no unique key keeps the pair (%s) from being stored twice'
    end,
    r.object, n.names
  ) as message,
  '{}'::jsonb as evidence,
  format('may a row of %s repeat (%s) of another? If not, add a unique index', r.object, n.names) as suggestion,
  'redesign' as remedy,
  case
    when k.may_repeat or r.is_partitioned then '[]'
    else jsonb_build_array(jsonb_build_object(
      'where', array['unique pairs'], 'remedy', 'statement',
      'suggestion', format('create unique index concurrently on %s (%s)', r.quoted, n.columns)
    ))
  end as instead,
  jsonb_build_object(
    'from', s.source,
    'evidence', format(
      'jsonb_strip_nulls(jsonb_build_object(''unique pairs'', case when count(*) >= 20 and %1$s = %2$s and %3$s then %1$s end, '
      '''duplicates'', nullif(%1$s - %2$s, 0), '
      '''severity'', case when count(*) >= 20 and %1$s = %2$s and %3$s and not %4$L then ''warning'' end))',
      m.filled, m.distincts, m.repeats, k.may_repeat
    ),
    -- a pair is unique in a few rows by chance, and where one of its columns is
    'holds', format('count(*) >= 20 and %s = %s and %s', m.filled, m.distincts, m.repeats)
      -- what is unique without the other has another rule
      || case when k.kind in ('name', 'version') then n.each_repeats else '' end
  )
  || case when s.is_sampled then jsonb_build_object('sampled rows', 'count(*)') else '{}' end as probe
from (select distinct on (k.relation, k.attnums) k.* from combination as k order by k.relation, k.attnums, k.kind = 'pair' desc) as k
join relation as r on r.oid = k.relation
join sample as s on s.relation = k.relation
join (
  select k.relation, k.attnums, string_agg(c.name, ', ' order by array_position(k.attnums, c.attnum)) as names,
    string_agg(c.quoted, ', ' order by array_position(k.attnums, c.attnum)) as columns,
    string_agg(format(' and count(*) > count(distinct t.%s)', c.quoted), '') as each_repeats,
    string_agg('t.' || c.quoted, ', ' order by array_position(k.attnums, c.attnum)) as values,
    string_agg(format('count(distinct t.%s)', c.quoted), ' * ') as combinations
  from (select distinct k.relation, k.attnums from combination as k) as k
  join table_column as c on c.relation = k.relation and c.attnum = any(k.attnums)
  group by k.relation, k.attnums
) as n on n.relation = k.relation and n.attnums = k.attnums
cross join lateral (
  select format('count(*) filter (where num_nulls(%s) = 0)', n.values) as filled,
    format('count(distinct case when num_nulls(%1$s) = 0 then (%1$s) end)', n.values) as distincts,
    -- as many pairs by chance would repeat some of them
    format('count(*)::float8 * count(*) > 6.0 * %s', n.combinations) as repeats
) as m
where (not r.is_log or k.kind = 'version')
  and r.name !~* '(events?|logs?|history|transactions?|quantity)$'
  -- a unique key that holds no more than the pair
  and (k.relation, k.attnums) not in (
    select k.relation, k.attnums
    from combination as k
    join table_index as g on g.relation = k.relation and g.is_unique and g.is_valid
    where g.attnums operator(pg_catalog.<@) (k.attnums || 0::smallint)
  )
  and k.relation in (select t.relation from table_constraint as t where t.kind = 'p')
order by 1
