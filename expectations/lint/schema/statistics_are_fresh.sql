-- title: Missing or outdated statistics
-- severity: info
-- key: object
-- why: The planner estimates from statistics. Without them, or with old ones, it may scan whole tables for a few rows
--   and choose slow joins.
with gathered_statistics as (
  select p.schemaname, p.tablename, bool_or(p.inherited) as of_all, bool_or(not p.inherited) as of_itself
  from pg_stats as p
  group by p.schemaname, p.tablename
),
counted as (
  select m.root, m.oid, c.relkind = 'r' as has_rows,
    case when c.relkind = 'r' then greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0) else 0 end as rows,
    case
      -- a session that loads and analyses may report its rows after ANALYZE has counted them
      when g.of_itself and pg_stat_get_tuples_inserted(c.oid) = pg_stat_get_mod_since_analyze(c.oid)
        and pg_stat_get_tuples_inserted(c.oid) <= c.reltuples
      then 0
      else coalesce(pg_stat_get_mod_since_analyze(c.oid), 0)
    end as changes,
    l.last, coalesce(g.of_all, false) as of_all,
    l.last is not null or coalesce(g.of_itself, false) as is_analysed
  from member as m
  join pg_class as c on c.oid = m.oid
  join pg_namespace as n on n.oid = c.relnamespace
  left join gathered_statistics as g on g.schemaname = n.nspname and g.tablename = c.relname
  cross join lateral (
    select greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) as last
  ) as l
),
summed as (
  select r.oid, r.object, r.quoted, r.descendants, r.partition_noun, sum(c.rows) as rows,
    sum(c.changes) filter (where c.has_rows) as changes,
    max(c.last) filter (where c.oid = r.oid) as last,
    count(*) filter (
      where c.has_rows and c.oid <> r.oid and c.rows >= 1000 and not c.is_analysed
    ) as partitions_never_analysed,
    -- statistics of the parent alone do not describe it together with its children
    bool_or(c.oid = r.oid and case
      when r.descendants = 0 then not c.is_analysed
      when r.is_partitioned then c.last is null and not c.of_all
      else not c.of_all
    end) as was_never_analysed
  from counted as c
  join relation as r on r.oid = c.root
  group by r.oid, r.object, r.quoted, r.descendants, r.partition_noun
)
select s.object,
  case
    when s.was_never_analysed then format('table %s (%s rows) has never been analysed', s.object, s.rows)
    when s.partitions_never_analysed > 0 then format(
      '%s of %s %s of table %s %s never been analysed', s.partitions_never_analysed, s.descendants, s.partition_noun,
      s.object, case when s.partitions_never_analysed = 1 then 'has' else 'have' end
    )
    else format('table %s (%s rows) has %s changes since it was last analysed', s.object, s.rows, s.changes)
  end as message,
  jsonb_strip_nulls(
    jsonb_build_object(
      'rows', s.rows, 'changes since', s.changes, 'last analysed', s.last,
      'partitions never analysed',
      case when s.descendants > 0 then format('%s of %s', s.partitions_never_analysed, s.descendants) end
    )
  ) as evidence,
  format('analyze %s', s.quoted) as suggestion,
  'statement' as remedy
from summed as s
where s.rows >= 1000
  and (s.was_never_analysed or s.partitions_never_analysed > 0 or s.changes >= 1000 and s.changes * 5 >= s.rows)
order by s.object
