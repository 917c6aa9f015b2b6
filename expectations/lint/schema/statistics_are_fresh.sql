-- title: Missing or outdated statistics
-- severity: info
-- key: object
-- why: The planner takes its guesses from them: with none, or old ones, it reads whole tables for a few rows, and
--   joins the slow way round.
with recursive member (root, oid) as (
  select r.oid, r.oid from relation as r
  union
  select m.root, i.inhrelid from member as m join pg_inherits as i on i.inhparent = m.oid
),
gathered as (
  select p.schemaname, p.tablename, bool_or(p.inherited) as of_all, bool_or(not p.inherited) as of_itself
  from pg_stats as p
  group by p.schemaname, p.tablename
),
counted as (
  select m.root, m.oid, c.relkind = 'r' as has_rows,
    case when c.relkind = 'r' then greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0) else 0 end as rows,
    case
      -- a session that loads and analyses at once may report the rows after ANALYZE has counted them
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
  left join gathered as g on g.schemaname = n.nspname and g.tablename = c.relname
  cross join lateral (
    select greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) as last
  ) as l
),
summed as (
  select r.oid, r.object, r.named, r.below, sum(c.rows) as rows, sum(c.changes) filter (where c.has_rows) as changes,
    max(c.last) filter (where c.oid = r.oid) as last,
    count(*) filter (where c.has_rows and c.oid <> r.oid and c.rows >= 1000 and not c.is_analysed) as left_out,
    -- what is known of a parent alone says nothing about it and its children together
    bool_or(c.oid = r.oid and case
      when r.below = 0 then not c.is_analysed
      when r.is_partitioned then c.last is null and not c.of_all
      else not c.of_all
    end) as is_blank
  from counted as c
  join relation as r on r.oid = c.root
  group by r.oid, r.object, r.named, r.below
)
select s.object,
  case
    when s.is_blank then format('table %s with its %s rows has never been analysed', s.object, s.rows)
    when s.left_out > 0 then format('%s of the %s partitions of table %s have never been analysed', s.left_out, s.below, s.object)
    else format('%s changes in table %s since it was analysed, at %s rows', s.changes, s.object, s.rows)
  end as message,
  jsonb_strip_nulls(
    jsonb_build_object(
      'rows', s.rows, 'changes since', s.changes, 'last analysed', s.last,
      'partitions never analysed', case when s.below > 0 then format('%s of %s', s.left_out, s.below) end
    )
  ) as evidence,
  format('analyze %s', s.named) as suggestion,
  'statement' as remedy
from summed as s
where s.rows >= 1000
  and (s.is_blank or s.left_out > 0 or s.changes >= 1000 and s.changes * 5 >= s.rows)
order by s.object
