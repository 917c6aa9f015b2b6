-- title: Time without a time zone
-- severity: warning
-- key: object
-- why: The same value means another moment to each session's time zone, and an hour of each autumn is there twice.
with moment as (
  select c.object, c.named, c.name, r.schema, r.named as table_named, c.type = 1184 as has_zone,
    format('alter table %1$s alter column %2$s type timestamptz using %2$s at time zone ''UTC''', r.named, c.named) as mended,
    count(*) over by_schema as times,
    count(*) filter (where c.type = 1184) over by_schema as zoned
  from col as c
  join relation as r on r.oid = c.relation
  where c.type in (1114, 1184)
    -- days of the calendar are another rule's
    and (
      not (
        c.words && array['birth', 'birthday', 'birthdate', 'dob', 'hire', 'hired', 'due']
        or cardinality(c.words) = 1 and c.name ~* '^(dateof)?(birth|hire|due)(date|day)?$'
      )
      or c.words && array['created', 'updated', 'reminded', 'notified', 'sent']
    )
  window by_schema as (partition by r.schema)
)
select m.object,
  format('column %s is a timestamp without time zone', m.object) as message,
  jsonb_build_object('times', m.times, 'with zone', m.zoned) as evidence,
  m.mended as suggestion,
  'rewrite' as remedy
from moment as m
where not m.has_zone
  and m.zoned * 5 >= m.times
union all
select m.schema,
  format('%s of the %s times in schema %s have no time zone', count(*), min(m.times), m.schema),
  jsonb_build_object('times', min(m.times), 'with zone', min(m.zoned), 'columns', jsonb_agg(m.object order by m.object)),
  string_agg(m.mended, E';\n' order by m.object),
  'rewrite'
from moment as m
where not m.has_zone
  and m.zoned * 5 < m.times
group by m.schema
order by 1
