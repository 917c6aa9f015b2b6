-- title: Sequence behind its data
-- severity: critical
-- key: object
-- why: The sequence will return a number that is already used. Inserts then fail with a duplicate key until the
--   sequence has passed the existing rows.
with numbered_column as (
  select f.*
  from column_sequence as f
  join table_column as c on c.relation = f.relation and c.attnum = f.attnum
  where c.family = 'integer'
    -- without a unique index, no number is taken
    and exists (
      select
      from table_index as g
      where g.relation = c.relation and g.is_unique and g.is_valid and c.attnum = any(g.attnums)
    )
),
-- a sequence of several columns must be ahead of all of them
sequence_use as (
  select f.sequence, q.seqincrement as step, format('%I.%I', n.nspname, s.relname) as quoted,
    count(*) as columns, min(c.object) as object, jsonb_agg(c.object order by c.object) as objects,
    string_agg(
      format(
        '(select %s(t.%s)::bigint from %s%s)', case when q.seqincrement > 0 then 'max' else 'min' end, c.quoted,
        case when i.is_found then r.quoted || ' as t' else p.source end,
        -- a sequence with a step only meets keys at its own distance
        case when abs(q.seqincrement) = 1 then '' else format(
          ' where (t.%s - n.next) %% %s = 0', c.quoted, q.seqincrement
        ) end
      ),
      ', ' order by c.object
    ) as taken,
    string_agg(
      format('(select %s(%s) from %s)', case when q.seqincrement > 0 then 'max' else 'min' end, c.quoted, r.quoted),
      ', ' order by c.object
    ) as bounds
  from numbered_column as f
  join table_column as c on c.relation = f.relation and c.attnum = f.attnum
  join relation as r on r.oid = f.relation
  join sample as p on p.relation = f.relation
  join pg_class as s on s.oid = f.sequence
  join pg_namespace as n on n.oid = s.relnamespace
  join pg_sequence as q on q.seqrelid = f.sequence
  cross join lateral (
    select exists (
      select
      from table_index as g
      where g.relation = c.relation and g.is_valid and g.method = 'btree' and g.attnums[1] = c.attnum
    ) as is_found
  ) as i
  group by f.sequence, q.seqincrement, n.nspname, s.relname
)
select l.object,
  format('sequence %s will return numbers that %s already contains', l.quoted, array_to_string(o.names, ' or ')) as message,
  jsonb_strip_nulls(jsonb_build_object(
    'sequence', l.quoted, 'columns that share it', case when l.columns > 1 then l.objects end
  )) as evidence,
  case
    when abs(l.step) = 1 then format('select setval(%L, %s)', l.quoted, b.bound)
    else format(
      'select setval(%1$L, s.last_value + %2$s * ceil((%3$s - s.last_value)::numeric / %2$s)::bigint) from %1$s as s',
      l.quoted, l.step, b.bound
    )
  end as suggestion,
  'statement' as remedy,
  jsonb_build_array(jsonb_build_object(
    'where', array['far beyond'], 'remedy', 'redesign',
    'suggestion', format(
      'does a program make the keys of %s? If it does, drop their default', array_to_string(o.names, ' and ')
    )
  )) as instead,
  jsonb_build_object(
    'from', format(
      '(select n.next, %1$s(%2$s) as taken from %3$s as s cross join lateral ('
      'select case when s.is_called then s.last_value + %4$s else s.last_value end as next) as n) as v',
      b.extreme, l.taken, l.quoted, l.step
    ),
    'next sequence value', 'max(v.next)',
    case when l.step > 0 then 'largest key' else 'smallest key' end, 'max(v.taken)',
    -- far beyond the sequence, a program makes the keys, such as from the time
    'evidence', format(
      'case when abs(max(v.taken)::numeric - max(v.next)) > 1e12 then jsonb_build_object(''far beyond'', true, '
      '''severity'', ''info'') else ''{}'' end'
    ),
    'holds', format('coalesce(bool_or(v.taken %s v.next), false)', case when l.step > 0 then '>=' else '<=' end)
  ) as probe
from sequence_use as l
cross join lateral (select array(select jsonb_array_elements_text(l.objects)) as names) as o
cross join lateral (
  select case when l.step > 0 then 'greatest' else 'least' end as extreme,
    case
      when l.columns = 1 then l.bounds
      else format('%s(%s)', case when l.step > 0 then 'greatest' else 'least' end, l.bounds)
    end as bound
) as b
order by l.object
