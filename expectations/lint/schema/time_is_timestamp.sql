-- title: Time in another type
-- severity: info
-- key: object
-- why: Readers must know the unit and the epoch. Date arithmetic and time zones need a conversion, and any number or
--   text is accepted. Seconds in 32 bits end in January 2038.
with candidate as (
  select c.*, r.quoted as quoted_table, r.has_children, s.source, s.is_sampled
  from table_column as c
  join relation as r on r.oid = c.relation
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  join sample as s on s.relation = c.relation
  where (c.type in (20, 23) or c.family = 'text')
    and not c.is_generated
    and not c.is_inherited
    and not c.is_identity
    and not o.is_reference
    and coalesce(c.default_expression, '') !~ 'nextval'
    and (
      c.last_word in (
        'at', 'on', 'ts', 'time', 'timestamp', 'date', 'dt', 'day', 'datetime', 'epoch', 'unixtime', 'since', 'until',
        'expires', 'expiry', 'expiration', 'started', 'ended', 'finished', 'registered', 'joined', 'opened', 'closed', 'occurred', 'happened',
        'measured', 'recorded', 'taken',
        'seen', 'ping', 'login', 'logout', 'updated', 'created', 'modified', 'changed', 'deleted', 'received', 'sent',
        'processed', 'deployed', 'uploaded', 'published', 'visited', 'accessed', 'ctime', 'mtime', 'atime', 'start', 'end',
        'ms', 'millis', 'micros', 'us', 'ns', 'timein', 'timeout', 'birthday', 'birthdate', 'dob'
      )
      or c.words[1] in ('next', 'last') and c.last_word not in ('id', 'no', 'number', 'name')
      or cardinality(c.words) = 1 and c.name ~* '(time|date|epoch|timestamp)$'
    )
)
select c.object,
  format('%s may hold times, judging by its name, and has type %s', c.object, c.type_name) as message,
  jsonb_build_object('type', c.type_name) as evidence,
  format('does %s hold times? If it does, give it a type of its own for them', c.object) as suggestion,
  -- programs that write numbers or texts must change too
  'redesign' as remedy,
  jsonb_build_array(
    jsonb_build_object('where', array['days as text'], 'comment', w.note, 'suggestion', v.begin || 'date using ' || c.quoted || '::text::date'),
    jsonb_build_object('where', array['times as text'], 'comment', w.note, 'suggestion', format(
      'programs that write texts into %s must change first; then give it type timestamptz, with the zone that its values mean',
      c.object
    )),
    jsonb_build_object('where', array['seconds'], 'comment', w.note, 'suggestion',
      format('%stimestamptz using to_timestamp(%s)', v.begin, c.quoted)),
    jsonb_build_object('where', array['milliseconds'], 'comment', w.note, 'suggestion',
      format('%stimestamptz using to_timestamp(%s / 1000.0)', v.begin, c.quoted)),
    jsonb_build_object('where', array['microseconds'], 'comment', w.note, 'suggestion',
      format('%stimestamptz using to_timestamp(%s / 1000000.0)', v.begin, c.quoted))
  ) as instead,
  jsonb_build_object('from', c.source)
  || case
    when c.family = 'text' then jsonb_build_object(
      'evidence', format(
        'jsonb_build_object(case when bool_and(t.%1$s ~ %2$L) filter (where t.%1$s is not null) then %3$L else %4$L end, '
        'count(t.%1$s), ''message'', %5$L)', c.quoted, y.day, 'days as text', 'times as text',
        format('%s holds times as text (%s)', c.object, c.type_name)
      ),
      'holds', format('count(t.%1$s) >= 5 and bool_and(t.%1$s ~ %2$L) filter (where t.%1$s is not null)', c.quoted, y.time)
    )
    else jsonb_build_object(
      'evidence', format(
        '(select jsonb_build_object(v.unit, v.filled, ''message'', format(%1$L, v.unit), ''severity'', %2$L) from (values ('
        'count(t.%3$s), case when min(t.%3$s) < 5000000000 then ''seconds'' when min(t.%3$s) < 5000000000000 then '
        '''milliseconds'' else ''microseconds'' end)) as v (filled, unit))',
        format('%s holds %%s since 1970 (%s)%s', replace(c.object, '%', '%%'), replace(c.type_name, '%', '%%'),
          case when c.type = 23 then ', which ends in January 2038' else '' end),
        case when c.type = 23 then 'warning' else 'info' end, c.quoted
      ),
      'holds', format(
        -- from 2000 to 2100
        'count(t.%1$s) >= 5 and min(t.%1$s) <> max(t.%1$s) and (%2$s)', c.quoted,
        (
          select string_agg(
              format('min(t.%1$s)::numeric between 946684800 * %2$s and 4102444800 * %2$s and max(t.%1$s)::numeric <= 4102444800 * %2$s',
                c.quoted, u.factor), ' or '
            )
          from (values ('1::numeric'), ('1e3'), ('1e6')) as u (factor)
          where c.type = 20 or u.factor = '1::numeric'
        )
      )
    )
  end as probe
from candidate as c
cross join lateral (select format('alter table %s alter column %s type ', c.quoted_table, c.quoted) as begin) as v
cross join lateral (
  select concat_ws(
      '; ', format('programs that read or write %s must change first', c.object),
      case when c.default_expression is not null then 'drop its default before' end
    ) as note
) as w
cross join lateral (
  select '^\s*(19|20)\d\d(-?)(0[1-9]|1[012])\2(0[1-9]|[12]\d|3[01])\s*$' as day,
    '^\s*(19|20)\d\d(-?)(0[1-9]|1[012])\2(0[1-9]|[12]\d|3[01])([T ]?\d\d:?\d\d(:?\d\d)?(\.\d+)?(Z|[+-]\d\d:?(\d\d)?)?)?\s*$' as time
) as y
order by c.object
