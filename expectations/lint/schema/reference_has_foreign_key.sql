-- title: Reference without a foreign key
-- severity: critical
-- key: object
-- why: The database does not protect the referenced row. Values can reference a row that was deleted or never
--   existed, and joins omit them silently.
select c.object,
  case when k.is_certain then 'critical' else 'warning' end as severity,
  format(
    '%s references %s by %s, but has no foreign key%s', c.object, t.object,
    case k.matched_by
      when 1 then 'its name'
      when 2 then 'the name of its key'
      when 3 then 'a name that other foreign keys have'
      when 4 then 'the last words of its name'
      else 'its name'
    end,
    case when b.partitions_with_key > 0 then format(
      ' in %s of %s partitions', b.partitions - b.partitions_with_key, b.partitions
    ) else '' end
  ) as message,
  jsonb_strip_nulls(jsonb_build_object(
    'references', p.object,
    'partitions with a foreign key',
    case when b.partitions > 0 then format('%s of %s', b.partitions_with_key, b.partitions) end
  )) as evidence,
  case
    when not k.is_whole
      then format('add the other key columns of %s beside %s, and a foreign key on all of them', t.object, c.object)
    when u.cannot_be_deferred then u.add_constraint
    else u.add_constraint || E' not valid;\n' || u.validate_constraint
  end as suggestion,
  case when k.is_whole then 'statement' else 'redesign' end as remedy,
  case
    when not k.is_whole then '[]'
    when u.cannot_be_deferred then jsonb_build_array(jsonb_build_object(
      'where', array['values without a referenced row'], 'remedy', 'redesign',
      'comment', 'some values have no referenced row; run this after correcting them',
      'suggestion', u.add_constraint
    ))
    else jsonb_build_array(jsonb_build_object(
      'where', array['values without a referenced row'],
      'comment', format('some values have no referenced row; after correcting them, run: %s', u.validate_constraint),
      'suggestion', u.add_constraint || ' not valid'
    ))
  end as instead,
  jsonb_build_object(
    'from', s.source,
    case when s.is_sampled then 'sampled values' else 'values' end, format('count(t.%s)', c.quoted),
    'values without a referenced row', format(
      'count(*) filter (where t.%1$s is not null and not exists (select from %2$s as p where p.%3$s = t.%1$s))',
      c.quoted, t.quoted, p.quoted
    )
  ) as probe
from implied_foreign_key as k
join table_column as c on c.relation = k.relation and c.attnum = k.attnum
join relation as r on r.oid = k.relation
join relation as t on t.oid = k.target
join sample as s on s.relation = k.relation
join table_column as p on p.relation = k.target and p.attnum = k.target_attnum
cross join lateral (select left(r.name || '_' || c.name, 58) || '_fkey' as name) as n
cross join lateral (
  select
    format(
      'alter table %s add constraint %I foreign key (%s) references %s (%s)', r.quoted, n.name, c.quoted, t.quoted, p.quoted
    )
      as add_constraint,
    format('alter table %s validate constraint %I', r.quoted, n.name) as validate_constraint,
    -- partitioned tables support NOT VALID foreign keys from PostgreSQL 18 on
    r.is_partitioned and current_setting('server_version_num')::int < 180000 as cannot_be_deferred
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
order by c.object
