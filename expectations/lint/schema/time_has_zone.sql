-- title: Timestamp without time zone
-- severity: warning
-- key: object
-- why: The value means another moment in each session's time zone. Where clocks are set back, one hour of each year
--   is ambiguous.
with moment as (
  select c.object, r.schema, r.object as table_object, c.type = 1184 as has_zone,
    format(
      'alter table %1$s alter column %2$s type timestamptz using %2$s at time zone ''UTC''', r.quoted, c.quoted
    ) as suggestion_part,
    count(*) over by_schema as times,
    count(*) filter (where c.type = 1184) over by_schema as zoned
  from table_column as c
  join relation as r on r.oid = c.relation
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  where c.type in (1114, 1184)
    and not c.is_inherited
    -- calendar days are findings of schema.calendar_day_is_date
    and not o.is_calendar_day
  window by_schema as (partition by r.schema)
)
select m.table_object as object,
  case
    when count(*) = 1 then format('column %s has type timestamp without time zone', min(m.object))
    else format(
      '%s columns of table %s have type timestamp without time zone: %s', count(*), m.table_object,
      string_agg(m.object, ', ' order by m.object)
    )
  end as message,
  jsonb_build_object(
    'timestamps', min(m.times), 'with time zone', min(m.zoned), 'columns', jsonb_agg(m.object order by m.object)
  ) as evidence,
  E'-- replace UTC by the zone in which the values were written\n' || string_agg(m.suggestion_part, E';\n' order by m.object)
    as suggestion,
  'rewrite' as remedy,
  null::jsonb as probe
from moment as m
where not m.has_zone
  and m.zoned * 5 >= m.times
group by m.table_object
union all
select m.schema,
  case
    when min(m.times) = 1 then format('the only timestamp in schema %s, %s, has no time zone', m.schema, min(m.object))
    when min(m.times) = count(*) then format('none of the %s timestamps in schema %s has a time zone', count(*), m.schema)
    else format('%s of %s timestamps in schema %s have no time zone', count(*), min(m.times), m.schema)
  end,
  jsonb_build_object(
    'timestamps', min(m.times), 'with time zone', min(m.zoned), 'columns', jsonb_agg(m.object order by m.object)
  ),
  E'-- replace UTC by the zone in which the values were written\n' || string_agg(m.suggestion_part, E';\n' order by m.object),
  'rewrite', null
from moment as m
where not m.has_zone
  and m.zoned * 5 < m.times
group by m.schema
union all
-- a due time may have a time of day: the data decides
select c.object,
  format('column %s has type timestamp without time zone', c.object),
  jsonb_build_object('type', c.type_name),
  format(
    E'-- replace UTC by the zone in which the values were written\n'
      'alter table %1$s alter column %2$s type timestamptz using %2$s at time zone ''UTC''', r.quoted, c.quoted
  ),
  'rewrite',
  jsonb_build_object(
    'from', s.source,
    'share at midnight', format('round(%s::numeric / nullif(count(t.%s), 0), 3)', n.at_midnight, c.quoted),
    'holds',
    format('%s * %s < count(t.%s)', n.at_midnight, case when c.last_word in ('at', 'time') then 1 else 2 end, c.quoted)
  )
from table_column as c
join relation as r on r.oid = c.relation
join column_role as o on o.relation = c.relation and o.attnum = c.attnum
join sample as s on s.relation = c.relation
cross join lateral (select format('count(*) filter (where t.%s::time = ''00:00'')', c.quoted) as at_midnight) as n
where c.type = 1114
  and not c.is_inherited
  and o.is_calendar_day
  and o.is_due
order by 1
