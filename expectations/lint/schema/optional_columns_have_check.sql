-- title: Related optional columns without a check
-- severity: warning
-- key: object
-- why: Each of these columns may be NULL separately, so a row can store half a fact, such as a currency without an
--   amount. Each reader must expect that the other columns are missing.
with optional as materialized (
  select c.relation, c.attnum, c.name, c.quoted, c.object, c.last_word, c.family,
    c.words[:cardinality(c.words) - 1] as stem,
    -- the words without the table's name as a prefix
    case
      when cardinality(c.words) > cardinality(r.words)
        and regexp_replace(array_to_string(c.words[:cardinality(r.words)], '_'), 's$', '')
          = regexp_replace(array_to_string(r.words, '_'), 's$', '')
      then c.words[cardinality(r.words) + 1:]
      else c.words
    end as own_words,
    o.is_reference
  from table_column as c
  join relation as r on r.oid = c.relation
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  where not c.is_not_null
    and not c.is_generated
    and not c.is_inherited
    and (c.default_expression is null or c.default_expression ~* '^null\M')
    and not o.is_key
    and c.last_word not in ('id', 'ids')
),
pair (one, other, is_any, is_dependent) as (
  -- is_any: also without words before them; is_dependent: the second needs the first, but not the reverse
  values
    ('at', 'by', false, false),
    ('lat', 'lon', true, false),
    ('lat', 'lng', true, false),
    ('lat', 'long', true, false),
    ('latitude', 'longitude', true, false),
    ('width', 'height', true, false),
    ('amount', 'currency', true, false),
    ('price', 'currency', true, false),
    ('rate', 'amount', false, false),
    ('systolic', 'diastolic', true, false),
    ('cents', 'currency', false, false),
    ('count', 'unit', false, false),
    ('value', 'unit', true, false),
    ('name', 'args', false, true),
    ('type', 'message', false, false),
    ('code', 'message', false, false),
    ('year', 'month', false, true)
),
group_candidate as materialized (
  select m.*,
    m.may_be_grouped and count(*) filter (where m.may_be_grouped) over (
      partition by m.relation, m.own_words[:2]
    ) > 1 as is_grouped
  from (
    select o.*,
      -- excluded: columns that make sense without the others, such as an end of a range or a translation
      cardinality(o.own_words) > 2
        and not o.is_reference
        and o.family <> 'boolean'
        -- ends of a range, wherever the word stands
        and not o.own_words && array[
          'min', 'max', 'minimum', 'maximum', 'low', 'high', 'lower', 'upper'
        ]
        and o.last_word !~ '^(line|address|street)?[0-9]+[a-z]?$'
        and o.last_word not in (
          'min', 'max', 'low', 'high', 'lower', 'upper', 'from', 'to', 'start', 'end', 'starts', 'ends', 'begin', 'until',
          'since', 'first', 'last', 'old', 'new', 'before', 'after', 'previous', 'next', 'note', 'notes', 'comment',
          'comments', 'en', 'de', 'fr', 'es', 'it', 'nl', 'pt', 'ja', 'zh', 'ru', 'pl', 'sv', 'da', 'fi', 'cs', 'ko', 'ar'
        ) as may_be_grouped
    from optional as o
  ) as m
),
column_group as materialized (
  select f.*, array_to_string(f.own_words[:2], ' ') as column_group
  from group_candidate as f
  where f.is_grouped
  union all
  select k.relation, k.attnum, k.name, k.quoted, k.object, k.last_word, k.family, k.stem, k.own_words, k.is_reference,
    k.may_be_grouped,
    k.is_grouped, k.column_group
  from (
    select f.*, array_to_string(f.stem, ' ') || '/' || p.one || '/' || p.other as column_group,
      bool_or(f.last_word = p.one) over one_pair and bool_or(f.last_word = p.other) over one_pair
      and not bool_and(f.is_grouped) over one_pair as is_pair
    from group_candidate as f
    join pair as p on f.last_word in (p.one, p.other)
    where (p.is_any or f.stem <> '{}')
      and (f.last_word <> 'at' or f.family in ('time', 'date'))
    window one_pair as (partition by f.relation, f.stem, p.one, p.other)
  ) as k
  where k.is_pair
),
checked_columns as materialized (
  select b.relation, b.column_group, array_agg(b.attnum) as attnums
  from table_constraint as t
  join column_group as b on b.relation = t.relation and b.attnum = any(t.attnums)
  where t.kind = 'c'
  group by t.oid, b.relation, b.column_group
  having count(*) > 1
),
unchecked_group as (
  -- columns that no check combines with another of the group
  select b.relation, count(*) as number, array_agg(b.name order by b.attnum) as names,
    array_agg(b.object order by b.attnum) as objects, array_agg(b.quoted order by b.attnum) as quoted_names,
    array_agg(b.last_word::text order by b.attnum) as last_words, count(distinct b.stem) = 1 as has_one_stem,
    b.column_group like '%/%' as is_pair
  from column_group as b
  where not exists (
    select
    from checked_columns as d
    where d.relation = b.relation and d.column_group = b.column_group and b.attnum = any(d.attnums)
  )
  group by b.relation, b.column_group
  having count(*) > 1
)
select l.objects[1] as object,
  'info' as severity,
  case
    when n.first is not null
    then format('%s may be set without %s: no CHECK combines them', l.objects[n.dependent], l.objects[n.first])
    else format('some of %s may be set without the others: no CHECK combines them', array_to_string(l.objects, ', '))
  end as message,
  jsonb_build_object('columns', l.names) as evidence,
  format(
    'does one of %s mean anything without the others? If not, add a CHECK', array_to_string(l.objects, ', ')
  ) as suggestion,
  'redesign' as remedy,
  jsonb_build_array(
    jsonb_build_object(
      'where', array['most rows agree'],
      'comment', 'some rows violate the constraint: if they are wrong, run this after correcting them',
      'suggestion', a.add_constraint || ' not valid'
    ),
    jsonb_build_object(
      'where', array['all rows agree'], 'remedy', 'statement',
      'suggestion', a.add_constraint || E' not valid;\n' || a.validate_constraint
    )
  ) as instead,
  jsonb_build_object(
    'from', s.source,
    'incomplete rows', m.incomplete,
    'evidence', format(
      'jsonb_strip_nulls(jsonb_build_object(''all rows agree'', case when %1$s >= 5 and %2$s = 0 and %1$s < count(*) then true end, '
      '''most rows agree'', case when %1$s >= 5 and %2$s > 0 then true end, '
      '''severity'', case when %1$s >= 5 and (%2$s > 0 or %1$s < count(*)) then ''warning'' end))', m.complete, m.incomplete
    ),
    -- columns that are set separately are not related, and two words that names share are not enough
    'holds', format('%2$s * 10 <= %1$s', m.filled, m.incomplete)
      || case
        when l.is_pair or l.has_one_stem and l.last_words = array['year', 'month', 'day'] or exists (
          select
          from pair as p
          where l.has_one_stem and l.last_words in (array[p.one, p.other], array[p.other, p.one])
        ) then ''
        else format(' and %s >= 5', m.complete)
      end
  )
  || case when s.is_sampled then jsonb_build_object('sampled rows', 'count(*)') else '{}' end as probe
from unchecked_group as l
join relation as r on r.oid = l.relation
join sample as s on s.relation = l.relation
left join (
  -- a script needs no arguments, and a year no month
  select array[p.one, p.other] as last_words, 1 as first, 2 as dependent
  from pair as p
  where p.is_dependent
  union all
  select array[p.other, p.one], 2, 1
  from pair as p
  where p.is_dependent
) as n on n.last_words = l.last_words and l.has_one_stem
cross join lateral (
  select case
      when n.first is not null
      then format('%s is null or %s is not null', l.quoted_names[n.dependent], l.quoted_names[n.first])
      when l.has_one_stem and l.last_words = array['year', 'month', 'day']
      then format(
        '(%2$s is null or %1$s is not null) and (%3$s is null or %2$s is not null)', variadic l.quoted_names
      )
      else format('num_nonnulls(%s) in (0, %s)', array_to_string(l.quoted_names, ', '), l.number)
    end as condition
) as k
cross join lateral (
  select format('count(*) filter (where not (%s))', k.condition) as incomplete,
    format('count(*) filter (where num_nonnulls(%s) > 0)', array_to_string(l.quoted_names, ', ')) as filled,
    format('count(*) filter (where num_nonnulls(%s) = %s)', array_to_string(l.quoted_names, ', '), l.number) as complete
) as m
cross join lateral (select left(r.name || '_' || l.names[1], 54) || '_complete' as name) as o
cross join lateral (
  select format('alter table %s add constraint %I check (%s)', r.quoted, o.name, k.condition) as add_constraint,
    format('alter table %s validate constraint %I', r.quoted, o.name) as validate_constraint
) as a
order by l.objects[1]
