-- title: Related optional columns without a check
-- severity: warning
-- key: object
-- why: Each may be empty by itself, so half a fact can be stored: a currency without an amount, the arguments of nothing.
--   Whoever reads one has to expect the other to be missing.
with optional as materialized (
  select c.relation, c.place, c.name, c.named, c.object, c.last_word, c.family,
    c.words[:cardinality(c.words) - 1] as stem,
    -- the words without the table's own name in front
    case
      when cardinality(c.words) > cardinality(r.words)
        and regexp_replace(array_to_string(c.words[:cardinality(r.words)], '_'), 's$', '')
          = regexp_replace(array_to_string(r.words, '_'), 's$', '')
      then c.words[cardinality(r.words) + 1:]
      else c.words
    end as own,
    o.is_reference
  from col as c
  join relation as r on r.oid = c.relation
  join role as o on o.relation = c.relation and o.place = c.place
  where not c.is_not_null
    and not c.is_generated
    and (c.preset is null or c.preset ~* '^null\M')
    and not o.is_key
    and c.last_word not in ('id', 'ids')
),
pair (one, other, is_any, needs) as (
  -- is_any: without a stem too; needs: the second one is nothing without the first, which is something by itself
  values
    ('at', 'by', false, false),
    ('lat', 'lon', true, false),
    ('lat', 'lng', true, false),
    ('lat', 'long', true, false),
    ('latitude', 'longitude', true, false),
    ('width', 'height', true, false),
    ('amount', 'currency', true, false),
    ('cents', 'currency', false, false),
    ('count', 'unit', false, false),
    ('value', 'unit', true, false),
    ('name', 'args', false, true),
    ('type', 'message', false, false),
    ('code', 'message', false, false),
    ('year', 'month', false, true)
),
fellow as materialized (
  select m.*,
    m.may_join and count(*) filter (where m.may_join) over (partition by m.relation, m.own[:2]) > 1 as is_fellow
  from (
    select o.*,
      -- what may be told without the others: an order, an end of a range, a translation
      cardinality(o.own) > 2
        and not o.is_reference
        and o.family <> 'boolean'
        and o.last_word !~ '^(line|address|street)?[0-9]+[a-z]?$'
        and o.last_word not in (
          'min', 'max', 'low', 'high', 'lower', 'upper', 'from', 'to', 'start', 'end', 'starts', 'ends', 'begin', 'until',
          'since', 'first', 'last', 'old', 'new', 'before', 'after', 'previous', 'next', 'note', 'notes', 'comment',
          'comments', 'en', 'de', 'fr', 'es', 'it', 'nl', 'pt', 'ja', 'zh', 'ru', 'pl', 'sv', 'da', 'fi', 'cs', 'ko', 'ar'
        ) as may_join
    from optional as o
  ) as m
),
band as materialized (
  select f.*, array_to_string(f.own[:2], ' ') as band
  from fellow as f
  where f.is_fellow
  union all
  select k.relation, k.place, k.name, k.named, k.object, k.last_word, k.family, k.stem, k.own, k.is_reference, k.may_join,
    k.is_fellow, k.band
  from (
    select f.*, array_to_string(f.stem, ' ') || '/' || p.one || '/' || p.other as band,
      bool_or(f.last_word = p.one) over one_pair and bool_or(f.last_word = p.other) over one_pair
      and not bool_and(f.is_fellow) over one_pair as is_couple
    from fellow as f
    join pair as p on f.last_word in (p.one, p.other)
    where (p.is_any or f.stem <> '{}')
      and (f.last_word <> 'at' or f.family in ('time', 'date'))
    window one_pair as (partition by f.relation, f.stem, p.one, p.other)
  ) as k
  where k.is_couple
),
bound as materialized (
  select b.relation, b.band, array_agg(b.place) as places
  from tie as t
  join band as b on b.relation = t.relation and b.place = any(t.places)
  where t.kind = 'c'
  group by t.oid, b.relation, b.band
  having count(*) > 1
),
loose as (
  -- those that no check ties to another of them
  select b.relation, count(*) as number, array_agg(b.name order by b.place) as names,
    array_agg(b.object order by b.place) as objects, array_agg(b.named order by b.place) as named,
    array_agg(b.last_word::text order by b.place) as ends, count(distinct b.stem) = 1 as has_one_stem
  from band as b
  where not exists (
    select from bound as d where d.relation = b.relation and d.band = b.band and b.place = any(d.places)
  )
  group by b.relation, b.band
  having count(*) > 1
)
select l.objects[1] as object,
  case
    when n.first is not null
    then format('%s may be there without %s: no CHECK ties them', l.objects[n.dependent], l.objects[n.first])
    else format('of %s some may be there without the others: no CHECK ties them', array_to_string(l.objects, ', '))
  end as message,
  jsonb_build_object('columns', l.names) as evidence,
  a.added || E' not valid;\n' || a.validated as suggestion,
  'statement' as remedy,
  jsonb_build_array(jsonb_build_object(
    'where', array['rows with only a part'],
    'suggestion', format(E'-- some rows break it; once they are corrected: %s\n%s not valid', a.validated, a.added)
  )) as instead,
  jsonb_build_object(
    'from', s.source,
    'rows with only a part', format('count(*) filter (where not (%s))', k.written),
    -- columns that mostly come alone do not belong together
    'holds', format(
      'count(*) filter (where num_nonnulls(%1$s) > 0) < 20 or count(*) filter (where not (%2$s)) * 2 <= '
      'count(*) filter (where num_nonnulls(%1$s) > 0)', array_to_string(l.named, ', '), k.written
    )
  )
  || case when s.is_part then jsonb_build_object('sampled rows', 'count(*)') else '{}' end as probe
from loose as l
join relation as r on r.oid = l.relation
join sample as s on s.relation = l.relation
left join (
  -- a script without arguments is one, as a year without a month is a date
  select array[p.one, p.other] as ends, 1 as first, 2 as dependent
  from pair as p
  where p.needs
  union all
  select array[p.other, p.one], 2, 1
  from pair as p
  where p.needs
) as n on n.ends = l.ends and l.has_one_stem
cross join lateral (
  select case
      when n.first is not null
      then format('%s is null or %s is not null', l.named[n.dependent], l.named[n.first])
      when l.has_one_stem and l.ends = array['year', 'month', 'day']
      then format(
        '(%2$s is null or %1$s is not null) and (%3$s is null or %2$s is not null)', variadic l.named
      )
      else format('num_nonnulls(%s) in (0, %s)', array_to_string(l.named, ', '), l.number)
    end as written
) as k
cross join lateral (select left(r.name || '_' || l.names[1], 54) || '_complete' as name) as o
cross join lateral (
  select format('alter table %s add constraint %I check (%s)', r.named, o.name, k.written) as added,
    format('alter table %s validate constraint %I', r.named, o.name) as validated
) as a
order by l.objects[1]
