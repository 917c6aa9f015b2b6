-- title: Timestamp without time zone
-- severity: warning
-- key: object
-- why: The same value means another moment to each session's time zone, and an hour of each autumn is there twice.
with moment as (
  select c.object, r.schema, c.type = 1184 as has_zone,
    format('alter table %1$s alter column %2$s type timestamptz using %2$s at time zone ''UTC''', r.named, c.named) as mended,
    count(*) over by_schema as times,
    count(*) filter (where c.type = 1184) over by_schema as zoned
  from col as c
  join relation as r on r.oid = c.relation
  join role as o on o.relation = c.relation and o.place = c.place
  where c.type in (1114, 1184)
    -- days of the calendar are another rule's
    and not o.is_day
  window by_schema as (partition by r.schema)
)
select m.object,
  format('column %s is a timestamp without time zone', m.object) as message,
  jsonb_build_object('times', m.times, 'with zone', m.zoned) as evidence,
  m.mended as suggestion,
  'rewrite' as remedy,
  null::jsonb as probe
from moment as m
where not m.has_zone
  and m.zoned * 5 >= m.times
union all
select m.schema,
  case
    when min(m.times) = 1 then format('the only time in schema %s, %s, has no time zone', m.schema, min(m.object))
    when min(m.times) = count(*) then format('none of the %s times in schema %s has a time zone', count(*), m.schema)
    else format('%s of the %s times in schema %s have no time zone', count(*), min(m.times), m.schema)
  end,
  jsonb_build_object('times', min(m.times), 'with zone', min(m.zoned), 'columns', jsonb_agg(m.object order by m.object)),
  string_agg(m.mended, E';\n' order by m.object),
  'rewrite', null
from moment as m
where not m.has_zone
  and m.zoned * 5 < m.times
group by m.schema
union all
-- when something is due may well be a moment: the data shows which it is
select c.object,
  format('column %s is a timestamp without time zone', c.object),
  jsonb_build_object('type', c.written),
  format('alter table %1$s alter column %2$s type timestamptz using %2$s at time zone ''UTC''', r.named, c.named),
  'rewrite',
  jsonb_build_object(
    'from', s.source,
    'share at midnight', format('round(%s::numeric / nullif(count(t.%s), 0), 3)', n.at_midnight, c.named),
    'holds', format('%s * %s < count(t.%s)', n.at_midnight, case when c.last_word in ('at', 'time') then 1 else 2 end, c.named)
  )
from col as c
join relation as r on r.oid = c.relation
join role as o on o.relation = c.relation and o.place = c.place
join sample as s on s.relation = c.relation
cross join lateral (select format('count(*) filter (where t.%s::time = ''00:00'')', c.named) as at_midnight) as n
where c.type = 1114
  and o.is_day
  and o.is_due
order by 1
