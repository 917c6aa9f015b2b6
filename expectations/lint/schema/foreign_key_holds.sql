-- title: Foreign key with orphans
-- severity: critical
-- key: object
-- why: The foreign key is validated, so that everybody relies on it, but rows were written while its triggers were
--   off, as by a restore. A change of such a reference fails unless it names an existing row, and the next restore
--   cannot create the foreign key.
select r.object || '.' || f.name as object,
  format(
    'foreign key %s of table %s is validated, but rows reference no row of %s', f.name, r.object, t.object
  ) as message,
  jsonb_build_object('references', t.object) as evidence,
  format(
    'delete or correct the rows that this query returns: select t.* from %s as t where %s', r.quoted, p.violation
  ) as suggestion,
  'redesign' as remedy,
  jsonb_build_object(
    'from', s.source,
    'measures', jsonb_build_object(
      'orphans', format('(select count(*) from %s where %s)', s.source, p.violation)
    )
    || case when s.is_sampled then jsonb_build_object('rows', 'count(*)') else '{}' end,
    case when s.is_sampled then 'orphans in a sample' else 'orphans' end, 'nullif(v.orphans, 0)',
    'holds', 'v.orphans > 0'
  )
  || case when s.is_sampled then jsonb_build_object('sampled rows', 'v.rows') else '{}' end as probe
from foreign_key as f
join relation as r on r.oid = f.relation
join relation as t on t.oid = f.target
join sample as s on s.relation = f.relation
join (
  select u.oid, string_agg(format('t.%s is not null', c.quoted), ' and ' order by u.n) as all_present,
    string_agg(format('p.%s = t.%s', k.quoted, c.quoted), ' and ' order by u.n) as all_equal
  from (
    select f.oid, f.relation, f.target, unnest(f.attnums) as attnum, unnest(f.target_attnums) as target_attnum,
      generate_series(1, cardinality(f.attnums)) as n
    from foreign_key as f
  ) as u
  join table_column as c on c.relation = u.relation and c.attnum = u.attnum
  join table_column as k on k.relation = u.target and k.attnum = u.target_attnum
  group by u.oid
) as m on m.oid = f.oid
cross join lateral (
  select format(
      '%s and not exists (select from %s%s as p where %s)%s', m.all_present,
      -- the key of a table holds for itself, and not for those that inherit from it
      case when t.has_children then 'only ' else '' end, t.quoted, m.all_equal,
      case when r.has_children then format(' and t.tableoid = %s', r.oid) else '' end
    ) as violation
) as p
where f.is_validated
  and not f.is_temporal
  -- rows that a policy hides look like orphans
  and not row_security_active(f.relation)
  and not row_security_active(f.target)
order by 1
