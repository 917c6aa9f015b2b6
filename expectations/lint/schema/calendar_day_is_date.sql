-- title: Calendar day stored as a timestamp
-- severity: warning
-- key: object
-- why: A birthday is the same day everywhere, and a moment is not: read in another time zone it becomes the day before,
--   and a comparison with a date misses all that is not at midnight.
select c.object,
  format('column %s is a %s, where a day is meant', c.object, c.written) as message,
  jsonb_build_object('type', c.written) as evidence,
  format(
    'alter table %s alter column %s type date%s', r.named, c.named,
    case when not c.is_generated then format(' using %s::date', c.named) else '' end
  ) as suggestion,
  'rewrite' as remedy,
  jsonb_build_object(
    'from', s.source,
    'share at midnight', format('round(%s::numeric / nullif(count(t.%s), 0), 3)', m.at_midnight, c.named)
  )
  || case when s.is_part then jsonb_build_object('sampled rows', 'count(*)') else '{}' end
  -- a deadline may well be a moment: the data shows which it is
  || case
    when not o.is_due then '{}'
    when c.last_word in ('at', 'time')
    then jsonb_build_object('holds', format('count(t.%1$s) > 0 and %2$s = count(t.%1$s)', c.named, m.at_midnight))
    else jsonb_build_object('holds', format('%s * 2 >= count(t.%s)', m.at_midnight, c.named))
  end as probe
from col as c
join relation as r on r.oid = c.relation
join role as o on o.relation = c.relation and o.place = c.place
join sample as s on s.relation = c.relation
cross join lateral (
  select case
      when c.type = 'timestamptz'::regtype
      then format(
        'greatest(count(*) filter (where t.%1$s::time = ''00:00''), '
        'count(*) filter (where (t.%1$s at time zone ''UTC'')::time = ''00:00''))', c.named
      )
      else format('count(*) filter (where t.%s::time = ''00:00'')', c.named)
    end as at_midnight
) as m
where c.family = 'time'
  and o.is_day
order by c.object
