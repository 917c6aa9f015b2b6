-- title: Composite reference without a foreign key
-- severity: critical
-- key: object
-- why: Each column alone may be right and the combination wrong: the referenced row need not exist. Joins omit such
--   rows silently.
select n.object,
  'info' as severity,
  format('%s may reference %s, judging by the names of its key; it has no foreign key', n.object, t.object) as message,
  jsonb_build_object('references', t.object, 'key', n.names) as evidence,
  n.question as suggestion,
  'redesign' as remedy,
  case
    -- a log outlives what it names
    when r.is_log or r.has_children then '[]'
    else jsonb_build_array(
      jsonb_build_object('where', array['all rows agree'], 'suggestion', a.statements)
      || case
        when d.is_deleted then jsonb_build_object('remedy', 'redesign', 'comment', format(
          'rows of %s are deleted: choose what happens to the rows that reference them, ON DELETE CASCADE, SET NULL, or no '
          'action, with which the deletion fails', t.object
        ))
        else '{"remedy": "statement"}'
      end,
      jsonb_build_object(
        'where', array['most rows agree'],
        'comment', format(
          'some rows have no referenced row: correct them first, with this query: select t.* from %s as t where %s',
          r.quoted, n.is_orphan
        ),
        'suggestion', a.add_constraint || case when a.cannot_be_deferred then '' else ' not valid' end
      )
    )
  end as instead,
  jsonb_build_object(
    'from', s.source,
    'measures', jsonb_build_object(
      'filled', format('count(*) filter (where %s)', n.is_filled),
      'orphans', format('(select count(*) from %s where %s)', s.source, n.is_orphan),
      'differ', format('count(distinct case when %s then (%s) end) > 1', n.is_filled, n.values)
    ),
    'evidence', format(
      '(select jsonb_strip_nulls(jsonb_build_object(%1$L, v.filled, ''rows without a referenced row'', v.orphans, '
      '''all rows agree'', case when w.is_told and v.orphans = 0 then true end, '
      '''most rows agree'', case when w.is_told and v.orphans > 0 then true end, '
      '''severity'', case when w.is_told then %2$L end, ''message'', case when w.is_told then %3$L end)) '
      'from (select v.filled >= 5 and v.differ and v.orphans * 10 <= v.filled and %4$L as is_told) as w)',
      case when s.is_sampled then 'sampled rows' else 'rows' end,
      case when r.is_log then 'info' else 'critical' end,
      format('%s references %s by the names of its key, but has no foreign key', n.object, t.object),
      not (row_security_active(r.oid) or row_security_active(t.oid))
    ),
    -- rows that mostly have no counterpart are another thing
    'holds', 'v.orphans * 2 <= v.filled'
  ) as probe
from implied_composite_key as k
join relation as r on r.oid = k.relation
join relation as t on t.oid = k.target
join sample as s on s.relation = k.relation
join (
  select k.relation, k.target, string_agg(c.name, ', ' order by u.n) as names, string_agg(c.quoted, ', ' order by u.n) as columns,
    string_agg('t.' || c.quoted, ', ' order by u.n) as values,
    string_agg(p.quoted, ', ' order by u.n) as target_columns,
    string_agg(format('p.%s = t.%s', p.quoted, c.quoted), ' and ' order by u.n) as all_equal
  from implied_composite_key as k
  cross join lateral unnest(k.attnums, k.target_attnums) with ordinality as u (attnum, target_attnum, n)
  join table_column as c on c.relation = k.relation and c.attnum = u.attnum
  join table_column as p on p.relation = k.target and p.attnum = u.target_attnum
  group by k.relation, k.target
) as m on m.relation = k.relation and m.target = k.target
cross join lateral (
  select m.*, format('%s.(%s)', r.object, m.names) as object, format('num_nulls(%s) = 0', m.values) as is_filled,
    format('num_nulls(%s) = 0 and not exists (select from %s as p where %s)', m.values, t.quoted, m.all_equal) as is_orphan,
    format(
      'does %s.(%s) hold keys of %s? If it does, add a foreign key on all of these columns', r.object, m.names, t.object
    ) as question
) as n
cross join lateral (
  -- partitioned tables support NOT VALID foreign keys from PostgreSQL 18 on
  select r.is_partitioned and current_setting('server_version_num')::int < 180000 as cannot_be_deferred,
    left(r.name || '_' || replace(n.names, ', ', '_'), 58) || '_fkey' as name
) as o
cross join lateral (
  select o.cannot_be_deferred, f.add_constraint,
    case
      when o.cannot_be_deferred then f.add_constraint
      else f.add_constraint || format(E' not valid;\nalter table %s validate constraint %I', r.quoted, o.name)
    end as statements
  from (
    select format(
        'alter table %s add constraint %I foreign key (%s) references %s (%s)', r.quoted, o.name, n.columns, t.quoted,
        n.target_columns
      ) as add_constraint
  ) as f
) as a
cross join lateral (
  select pg_stat_get_tuples_deleted(k.target) > 0
    or exists (select from foreign_key as f where f.target = k.target and f.on_delete in ('c', 'n', 'd')) as is_deleted
) as d
order by n.object
