-- title: Calendar day stored as a timestamp
-- severity: warning
-- key: object
-- why: A calendar day is the same everywhere, but a moment is not: in another time zone, a timestamptz shows the day
--   before or after. A comparison with a date misses every value that is not at midnight.
select c.object,
  'info' as severity,
  format('column %s stores a calendar day as %s', c.object, c.type_name) as message,
  jsonb_build_object('type', c.type_name) as evidence,
  format('does the time of day in %s mean anything? If not, store a date', c.object) as suggestion,
  'redesign' as remedy,
  case
    -- which day a moment belongs to is a question of the zone
    when c.type = 'timestamptz'::regtype then '[]'
    else jsonb_build_array(jsonb_build_object(
      'where', array['all at midnight'], 'remedy', 'rewrite',
      'suggestion', format(
        'alter table %s alter column %s type date%s', r.quoted, c.quoted,
        case when not c.is_generated then format(' using %s::date', c.quoted) else '' end
      )
    ))
  end as instead,
  jsonb_build_object(
    'from', s.source,
    'share at midnight', format('round(%s::numeric / nullif(count(t.%s), 0), 3)', m.at_midnight, c.quoted),
    'evidence', format(
      'case when count(t.%1$s) >= 5 and %2$s = count(t.%1$s) and not %3$L then ''{"all at midnight": true}'' else ''{}'' '
      'end::jsonb', c.quoted, m.at_midnight, s.is_sampled
    ),
    'severity', format('case when count(t.%1$s) >= 5 and %2$s * 10 >= 9 * count(t.%1$s) then ''warning'' else ''info'' end', c.quoted, m.at_midnight)
  )
  || case when s.is_sampled then jsonb_build_object('sampled rows', 'count(*)') else '{}' end
  -- a deadline may have a time of day: the data decides
  || case
    when not o.is_due then '{}'
    when c.last_word in ('at', 'time')
    then jsonb_build_object('holds', format('count(t.%1$s) > 0 and %2$s = count(t.%1$s)', c.quoted, m.at_midnight))
    else jsonb_build_object('holds', format('%s * 2 >= count(t.%s)', m.at_midnight, c.quoted))
  end as probe
from table_column as c
join relation as r on r.oid = c.relation
join column_role as o on o.relation = c.relation and o.attnum = c.attnum
join sample as s on s.relation = c.relation
cross join lateral (
  select case
      when c.type = 'timestamptz'::regtype
      then format(
        'greatest(count(*) filter (where t.%1$s::time = ''00:00''), '
        'count(*) filter (where (t.%1$s at time zone ''UTC'')::time = ''00:00''))', c.quoted
      )
      else format('count(*) filter (where t.%s::time = ''00:00'')', c.quoted)
    end as at_midnight
) as m
where c.family = 'time'
  and not c.is_inherited
  and o.is_calendar_day
order by c.object
