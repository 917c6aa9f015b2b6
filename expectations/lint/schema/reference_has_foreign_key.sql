-- title: Reference without a foreign key
-- severity: critical
-- key: object
-- why: Nothing keeps the row it points at in place: one that is deleted, or was never there, leaves values behind that
--   lead nowhere, and joins lose those rows without a word.
select c.object,
  case when k.is_certain then 'critical' else 'warning' end as severity,
  format(
    '%s holds keys of %s by %s, and no foreign key keeps them right%s', c.object, t.object,
    case k.how
      when 1 then 'its name'
      when 2 then 'the name of that table''s key'
      when 3 then 'its name, which is a foreign key elsewhere'
      when 4 then 'the last words of its name'
      else 'its name'
    end,
    case when b.tied > 0 then format(' in %s of %s partitions', b.leaves - b.tied, b.leaves) else '' end
  ) as message,
  jsonb_strip_nulls(jsonb_build_object(
    'points at', p.object,
    'partitions with a foreign key', case when b.leaves > 0 then format('%s of %s', b.tied, b.leaves) end
  )) as evidence,
  case
    when not k.is_whole
      then format('the other columns of the key of %s beside %s, and a foreign key on all of them', t.object, c.object)
    when u.is_at_once then u.added
    else u.added || E' not valid;\n' || u.validated
  end as suggestion,
  case when k.is_whole then 'statement' else 'redesign' end as remedy,
  case
    when not k.is_whole then '[]'
    when u.is_at_once then jsonb_build_array(jsonb_build_object(
      'where', array['values without a row'], 'remedy', 'redesign',
      'suggestion', E'-- some values have no row; once each has:\n' || u.added
    ))
    else jsonb_build_array(jsonb_build_object(
      'where', array['values without a row'],
      'suggestion', format(E'-- some values have no row; once each has: %s\n%s not valid', u.validated, u.added)
    ))
  end as instead,
  jsonb_build_object(
    'from', s.source,
    case when s.is_part then 'sampled values' else 'values' end, format('count(t.%s)', c.named),
    'values without a row', format(
      'count(*) filter (where t.%1$s is not null and not exists (select from %2$s as p where p.%3$s = t.%1$s))',
      c.named, t.named, p.named
    )
  ) as probe
from kinship as k
join col as c on c.relation = k.relation and c.place = k.place
join relation as r on r.oid = k.relation
join relation as t on t.oid = k.target
join sample as s on s.relation = k.relation
join col as p on p.relation = k.target and p.place = k.target_place
cross join lateral (select left(r.name || '_' || c.name, 58) || '_fkey' as name) as n
cross join lateral (
  select
    format('alter table %s add constraint %I foreign key (%s) references %s (%s)', r.named, n.name, c.named, t.named, p.named)
      as added,
    format('alter table %s validate constraint %I', r.named, n.name) as validated,
    -- PostgreSQL 18 is the first where a partitioned table takes one that is not valid yet
    r.is_partitioned and current_setting('server_version_num')::int < 180000 as is_at_once
) as u
left join (select l.relation, count(*) as leaves from leaf as l group by l.relation) as l on l.relation = k.relation
left join (
  select w.relation, w.place, count(distinct w.leaf) as tied
  from twin as w
  join pg_constraint as f on f.conrelid = w.leaf and f.contype = 'f' and w.leaf_place = any(f.conkey)
  group by w.relation, w.place
) as f on f.relation = k.relation and f.place = k.place
cross join lateral (select coalesce(l.leaves, 0) as leaves, coalesce(f.tied, 0) as tied) as b
order by c.object
