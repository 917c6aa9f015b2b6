-- title: Reference without a foreign key
-- severity: critical
-- key: object
-- why: The database does not protect the referenced row. Values can reference a row that was deleted or never
--   existed, and joins omit them silently.
with reference as (
  select k.relation, k.attnum, k.target, k.target_attnum, k.is_whole, k.is_certain, c.object, c.quoted, c.family,
    r.name || '_' || c.name as long_name, r.quoted as quoted_table, r.is_log, t.object as target_object,
    t.quoted as quoted_target, p.object as key_object, p.quoted as quoted_key, s.source, s.is_sampled,
    -- the place that a reader has reached, which need not be there any more
    c.words && array['cursor', 'watermark', 'checkpoint', 'offset', 'seen', 'processed', 'synced']
      or c.words[1] in ('last', 'latest', 'next', 'max', 'min', 'since', 'until', 'after', 'before') as is_position,
    -- a number of the table's name alone may count something
    k.matched_by = 6 and c.family = 'integer' as is_vague, t.has_children,
    row_security_active(k.relation) or row_security_active(k.target) as hides_rows,
    k.matched_by = 3 as is_named_elsewhere,
    case k.matched_by
      when 1 then 'its name'
      when 2 then 'the name of its key'
      when 3 then 'a name that other foreign keys have'
      when 4 then 'the last words of its name'
      else 'its name'
    end as matched_by,
    -- partitioned tables support NOT VALID foreign keys from PostgreSQL 18 on
    r.is_partitioned and current_setting('server_version_num')::int < 180000 as cannot_be_deferred,
    greatest(pg_stat_get_tuples_deleted(k.target), 0) as deleted_rows, d.actions
  from implied_foreign_key as k
  join table_column as c on c.relation = k.relation and c.attnum = k.attnum
  join relation as r on r.oid = k.relation
  join relation as t on t.oid = k.target
  join sample as s on s.relation = k.relation
  join table_column as p on p.relation = k.target and p.attnum = k.target_attnum
  left join (
    -- what other references do when the row is deleted
    select f.target, string_agg(distinct upper(a.name), ', ') as actions
    from foreign_key as f
    join (values ('c', 'cascade'), ('n', 'set null'), ('d', 'set default')) as a (code, name) on a.code = f.on_delete
    group by f.target
  ) as d on d.target = k.target
  -- a composite reference leads to a row that has the reference itself
  where (k.relation, k.attnum, k.target) not in (
    select m.relation, u.attnum, f.target
    from implied_composite_key as m
    cross join lateral unnest(m.attnums, m.target_attnums) as u (attnum, target_attnum)
    join foreign_key as f on f.relation = m.target and f.attnums = array[u.target_attnum]
    union all
    select m.relation, unnest(m.attnums), m.target
    from implied_composite_key as m
  )
),
worded as (
  select k.*, u.*, n.name as constraint_name,
    -- other foreign keys show what the name means, so that it is more than a name
    (k.is_named_elsewhere or b.partitions_with_key > 0) and not k.is_log and not k.is_position and k.is_whole
      and not k.has_children as is_told,
    format('alter table %s validate constraint %I', k.quoted_table, n.name) as validate_constraint,
    k.deleted_rows > 0 or k.actions is not null as is_deleted,
    case when b.partitions_with_key > 0 then format(
      ' in %s of %s partitions', b.partitions - b.partitions_with_key, b.partitions
    ) else '' end as where_missing,
    case when b.partitions > 0 then format('%s of %s', b.partitions_with_key, b.partitions) end as partitions,
    format(
      'rows of %s are deleted%s: choose what happens to the rows that reference them, ON DELETE CASCADE, SET NULL, or no '
      'action, with which the deletion fails', k.target_object,
      coalesce(' (other references: ON DELETE ' || k.actions || ')', '')
    ) as deletion
  from reference as k
  cross join lateral (select left(k.long_name, 58) || '_fkey' as name) as n
  cross join lateral (
    select format(
        'alter table %s add constraint %I foreign key (%s) references %s (%s)', k.quoted_table, n.name, k.quoted,
        k.quoted_target, k.quoted_key
      ) as add_constraint
  ) as u
  left join (
    select l.relation, count(*) as partitions from leaf_partition as l group by l.relation
  ) as l on l.relation = k.relation
  left join (
    select w.relation, w.attnum, count(distinct w.partition) as partitions_with_key
    from partition_column as w
    join pg_constraint as f on f.conrelid = w.partition and f.contype = 'f' and w.partition_attnum = any(f.conkey)
    group by w.relation, w.attnum
  ) as f on f.relation = k.relation and f.attnum = k.attnum
  cross join lateral (
    select coalesce(l.partitions, 0) as partitions, coalesce(f.partitions_with_key, 0) as partitions_with_key
  ) as b
)
select k.object,
  case when k.is_told then 'warning' else 'info' end as severity,
  case
    when k.is_told then m.message
    else m.guess
  end as message,
  jsonb_strip_nulls(jsonb_build_object(
    'references', k.key_object, 'partitions with a foreign key', k.partitions,
    'referenced rows deleted', nullif(k.deleted_rows, 0), 'other references on delete', k.actions
  )) as evidence,
  case
    when k.is_told and k.is_deleted then E'-- ' || k.deletion || E'\n' || m.statements
    when k.is_told then m.statements
    else m.question
  end as suggestion,
  case when k.is_told and not k.is_deleted then 'statement' else 'redesign' end as remedy,
  case
    -- a question is all that can be said
    when k.is_log or k.is_position or k.is_vague or k.has_children then '[]'
    when not k.is_whole then jsonb_build_array(jsonb_build_object(
      'where', array['all values agree'],
      'suggestion', format(
        'add the other key columns of %s beside %s, and a foreign key on all of them', k.target_object, k.object
      )
    ))
    else jsonb_build_array(
      jsonb_build_object(
        'where', array['all values agree'],
        'suggestion', m.statements
      )
      || case
        when k.is_deleted then jsonb_build_object('remedy', 'redesign', 'comment', k.deletion)
        else '{"remedy": "statement"}'
      end,
      jsonb_build_object(
        'where', array['most values agree'], 'remedy', 'redesign',
        'comment', format(
          'some values have no referenced row: correct them first, with this query: select t.* from %s as t where t.%s '
          'is not null and not exists (select from %s as p where p.%s = t.%s)%s', k.quoted_table, k.quoted,
          k.quoted_target, k.quoted_key, k.quoted, case when k.is_deleted then E'\n' || k.deletion else '' end
        ),
        'suggestion', k.add_constraint || case when k.cannot_be_deferred then '' else ' not valid' end
      ),
      jsonb_build_object(
        'where', array['values without a referenced row'], 'remedy', 'redesign', 'suggestion', m.question
      )
    )
  end as instead,
  jsonb_build_object(
    'from', k.source,
    'measures', m.measures,
    'evidence', format(
      '(select jsonb_strip_nulls(jsonb_build_object(%1$L, v.filled, ''values without a referenced row'', v.orphans, '
      '''all values agree'', nullif(w.all_agree, false), ''most values agree'', nullif(w.most_agree, false), '
      '''severity'', case when w.all_agree or w.most_agree then %2$L when v.orphans > 0 then ''info'' end, '
      '''message'', case when w.all_agree or w.most_agree then %3$L when v.orphans > 0 then %6$L end)) '
      'from (select coalesce(v.filled >= 5 and v.differ and v.orphans = 0 and %4$L, false) as all_agree, '
      'coalesce(v.filled >= 5 and v.differ and v.orphans > 0 and v.orphans * 10 <= v.filled and %5$L, false) '
      'as most_agree) as w)',
      case when k.is_sampled then 'sampled values' else 'values' end,
      case
        when k.has_children then 'info'
        when k.is_certain then 'critical'
        when k.is_log or k.is_position or k.is_vague then 'info'
        else 'warning'
      end,
      m.message, not k.hides_rows, not k.hides_rows and k.is_certain, m.guess
    )
  )
  || case
    -- a log outlives what it names, and a reader's place the row that it has read
    when k.is_log or k.is_position or k.is_vague then jsonb_build_object('holds', 'v.orphans = 0')
    else '{}'
  end as probe
from worded as k
cross join lateral (
  select
    format('%s references %s by %s, but has no foreign key%s', k.object, k.target_object, k.matched_by, k.where_missing)
      as message,
    format(
      '%s may reference %s, judging by %s; it has no foreign key%s', k.object, k.target_object, k.matched_by, k.where_missing
    ) as guess,
    case
      when k.cannot_be_deferred then k.add_constraint
      else k.add_constraint || E' not valid;\n' || k.validate_constraint
    end as statements,
    format(
      case
        when k.has_children then 'does %s hold keys of %s? A foreign key does not see the rows of the tables that inherit '
          'from %s: a trigger can check them, or a table that holds the keys of all of them'
        else 'does %s hold keys of %s? If it does, add a foreign key and choose what a deletion in %s does; if not, say so '
          'in a comment on the column'
      end, k.object, k.target_object, k.target_object
    ) as question,
    jsonb_build_object(
      'filled', format('count(t.%s)', k.quoted),
      'orphans', format(
        '(select count(*) from %4$s where t.%1$s is not null and not exists (select from %2$s as p where p.%3$s = t.%1$s))',
        k.quoted, k.quoted_target, k.quoted_key, k.source
      ),
      -- uuid has no minimum before PostgreSQL 18
      'differ', format('min(t.%1$s%2$s) <> max(t.%1$s%2$s)', k.quoted, case when k.family = 'uuid' then '::text' else '' end)
    ) as measures
) as m
order by k.object
