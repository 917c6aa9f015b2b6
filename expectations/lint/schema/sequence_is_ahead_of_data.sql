-- title: Sequence behind its data
-- severity: critical
-- key: object
-- why: It will hand out a number that is taken: an insert then fails with a duplicate key, again and again until the
--   sequence has passed the rows that were there before it.
with fed as (
  select f.*
  from feed as f
  join col as c on c.relation = f.relation and c.place = f.place
  where c.family = 'integer'
    -- where nothing is unique, nothing is taken
    and exists (
      select from guide as g where g.relation = c.relation and g.is_unique and g.is_valid and c.place = any(g.places)
    )
),
-- one that feeds several columns must be ahead of them all
line as (
  select f.sequence, q.seqincrement as step, format('%I.%I', n.nspname, s.relname) as named,
    count(*) as columns, min(c.object) as object, jsonb_agg(c.object order by c.object) as objects,
    string_agg(
      format(
        '(select %s(t.%s)::bigint from %s%s)', case when q.seqincrement > 0 then 'max' else 'min' end, c.named,
        case when i.is_found then r.named || ' as t' else p.source end,
        -- a sequence of odd numbers does not meet the even ones
        case when abs(q.seqincrement) = 1 then '' else format(' where (t.%s - n.next) %% %s = 0', c.named, q.seqincrement) end
      ),
      ', ' order by c.object
    ) as taken,
    string_agg(
      format('(select %s(%s) from %s)', case when q.seqincrement > 0 then 'max' else 'min' end, c.named, r.named),
      ', ' order by c.object
    ) as bounds
  from fed as f
  join col as c on c.relation = f.relation and c.place = f.place
  join relation as r on r.oid = f.relation
  join sample as p on p.relation = f.relation
  join pg_class as s on s.oid = f.sequence
  join pg_namespace as n on n.oid = s.relnamespace
  join pg_sequence as q on q.seqrelid = f.sequence
  cross join lateral (
    select exists (
      select
      from guide as g
      where g.relation = c.relation and g.is_valid and g.method = 'btree' and g.places[1] = c.place
    ) as is_found
  ) as i
  group by f.sequence, q.seqincrement, n.nspname, s.relname
)
select l.object,
  format('the sequence %s will hand out numbers that %s has already', l.named, array_to_string(o.names, ' or ')) as message,
  jsonb_strip_nulls(jsonb_build_object(
    'sequence', l.named, 'columns that share it', case when l.columns > 1 then l.objects end
  )) as evidence,
  case
    when abs(l.step) = 1 then format('select setval(%L, %s)', l.named, b.bound)
    else format(
      'select setval(%1$L, s.last_value + %2$s * ceil((%3$s - s.last_value)::numeric / %2$s)::bigint) from %1$s as s',
      l.named, l.step, b.bound
    )
  end as suggestion,
  'statement' as remedy,
  jsonb_build_object(
    'from', format(
      '(select n.next, %1$s(%2$s) as taken from %3$s as s cross join lateral ('
      'select case when s.is_called then s.last_value + %4$s else s.last_value end as next) as n) as v',
      b.extreme, l.taken, l.named, l.step
    ),
    'next number', 'max(v.next)',
    case when l.step > 0 then 'largest key' else 'smallest key' end, 'max(v.taken)',
    'holds', format('coalesce(bool_or(v.taken %s v.next), false)', case when l.step > 0 then '>=' else '<=' end)
  ) as probe
from line as l
cross join lateral (select array(select jsonb_array_elements_text(l.objects)) as names) as o
cross join lateral (
  select case when l.step > 0 then 'greatest' else 'least' end as extreme,
    case
      when l.columns = 1 then l.bounds
      else format('%s(%s)', case when l.step > 0 then 'greatest' else 'least' end, l.bounds)
    end as bound
) as b
order by l.object
