-- title: Missing created or updated timestamp
-- severity: warning
-- key: object
-- why: Without creation and change times, the state of a past day is unknown. The rows that a faulty release wrote,
--   or that changed since the last copy, cannot be found. A change time needs a trigger, or programs that set it.
with time_column as (
  -- numbers of seconds count as times
  select c.relation, c.family in ('time', 'date') or m.is_epoch as is_time,
    n.is_change,
    n.is_creation
    or (c.family in ('time', 'date') or m.is_epoch)
      and not n.is_change
      and (
        c.is_not_null
        or c.default_expression ~* '\m(now|(clock|transaction|statement)_timestamp)\('
        or c.default_expression ~* '\m(current_timestamp|current_date|localtimestamp)\M|''(now|today)'''
      )
    -- a range is open while the row is current
    or c.family in ('tstzrange', 'tsrange', 'daterange') as is_creation,
    c.family in ('tstzrange', 'tsrange', 'daterange') as is_range,
    -- what was measured or seen once, or lives for minutes, is not changed
    c.is_not_null
    and (c.family in ('time', 'date') or m.is_epoch)
    and (
      c.words in (array['at'], array['ts'], array['timestamp'])
      or c.words && array[
        'occurred', 'happened', 'measured', 'recorded', 'observed', 'captured', 'sampled', 'taken', 'logged', 'expires', 'expiry',
        'expiration'
      ]
    ) as is_once
  from table_column as c
  cross join lateral (
    select c.family <> 'boolean'
        and c.last_word not in ('by', 'user', 'id', 'ip', 'name', 'count', 'reason', 'from', 'flag', 'version') as may_be,
      c.family = 'integer' and c.last_word in (
        'at', 'ts', 'timestamp', 'epoch', 'ms', 'millis', 'unixtime', 'occurred', 'happened', 'measured', 'recorded', 'taken'
      ) as is_epoch
  ) as m
  cross join lateral (
    select m.may_be and (
        c.words && array['updated', 'update', 'modified', 'modification', 'changed', 'change', 'edited', 'mtime']
        or c.words[:2] = array['last', 'edit']
        or cardinality(c.words) = 1 and c.name ~* '^((last)?(updated?|modified|changed|edited)|lastedit)(at|on|date|time)?$'
      ) and (
        c.family in ('time', 'date') or m.is_epoch
        or c.last_word in ('at', 'on', 'time', 'date', 'updated', 'modified', 'mtime')
      ) as is_change,
      m.may_be and (
        c.words && array['created', 'creation', 'inserted', 'added', 'registered', 'received', 'ctime']
        or cardinality(c.words) = 1 and c.name ~* '^(created?|inserted?|added)(at|on|date|time)?$'
      ) and (
        c.family in ('time', 'date') or m.is_epoch
        or c.last_word in ('at', 'on', 'time', 'date', 'created', 'inserted', 'ctime')
      ) as is_creation
  ) as n
),
table_times as (
  select r.oid, r.schema, r.object, r.quoted, r.is_log, r.is_child, r.rows,
    coalesce(bool_or(m.is_time or m.is_range), false) as has_time,
    coalesce(bool_or(m.is_creation or m.is_once), false) as has_creation,
    coalesce(bool_or(m.is_change or m.is_range or m.is_once), false) or r.words[1] in ('log', 'logs') as has_change
  from relation as r
  left join time_column as m on m.relation = r.oid
  group by r.oid, r.schema, r.object, r.quoted, r.is_log, r.is_child, r.rows, r.words
),
judged as (
  select k.*,
    -- what many tables lack is one habit
    count(*) over (
      partition by k.schema, k.is_log, k.has_creation or k.has_change
    ) > 10 and not k.is_log as is_habit
  from table_times as k
  join table_kind as t on t.relation = k.oid
  where case when k.is_log then not k.has_time else not (k.has_creation and k.has_change) end
    and not t.is_lookup
    and not t.is_junction
    -- columns that the parent gets, its children get
    and not k.is_child
    -- tables with a key that contains a reference to their parent
    and not exists (
      select from column_role as o where o.relation = k.oid and o.is_key and o.is_reference
    )
)
select k.object,
  case when k.has_creation or k.has_change then 'info' else 'warning' end as severity,
  case
    when k.is_log then format('table %s is a log by its name, but has no timestamp', k.object)
    when k.has_creation then format('table %s does not store when a row was last changed', k.object)
    when k.has_change then format('table %s does not store when a row was created', k.object)
    else format('table %s does not store when a row was created or changed', k.object)
  end as message,
  jsonb_strip_nulls(jsonb_build_object('rows by statistics', nullif(k.rows, 0))) as evidence,
  -- the default is set separately: existing rows were not created now
  (
    select string_agg(
        format(
          E'alter table %1$s add column %2$s timestamptz;\nalter table %1$s alter column %2$s set default now()', k.quoted,
          -- a column of another type may have the name
          a.name || case
            when (k.oid, a.name) in (select c.relation, c.name::text from table_column as c) then '_time'
            else ''
          end
        ),
        E';\n' order by a.name
      )
    from (
      values ('created_at', not k.has_creation), ('updated_at', not k.has_change and not k.is_log)
    ) as a (name, is_missing)
    where a.is_missing
  ) as suggestion,
  'statement' as remedy
from judged as k
where not k.is_habit
union all
select k.schema, case when bool_and(k.has_creation or k.has_change) then 'info' else 'warning' end,
  case
    when bool_and(k.has_creation or k.has_change)
    then format('%s tables of schema %s store either when a row was created or when it was changed', count(*), k.schema)
    else format(
      '%s tables of schema %s do not store when a row was created or changed%s',
      count(*) filter (where not (k.has_creation or k.has_change)), k.schema,
      case
        when bool_or(k.has_creation or k.has_change)
        then format(', %s only one of the two', count(*) filter (where k.has_creation or k.has_change))
        else ''
      end
    )
  end,
  jsonb_build_object('tables', jsonb_agg(k.object order by k.object)),
  'of which of these tables does it matter when a row came or changed? Give those created_at and updated_at',
  'redesign'
from judged as k
where k.is_habit
group by k.schema
order by 1
