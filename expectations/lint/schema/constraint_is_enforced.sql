-- title: Constraint is not enforced
-- severity: warning
-- key: object
-- why: The constraint checks no row, old or new, although the schema shows it like any other. A reader of the schema
--   relies on values that nothing keeps out.
select r.object || '.' || k.conname as object,
  format('constraint %s of table %s is NOT ENFORCED: it checks no row', k.conname, r.object) as message,
  jsonb_build_object('constraint', pg_get_constraintdef(k.oid)) as evidence,
  case
    when k.contype = 'f' then format('alter table %s alter constraint %I enforced', r.quoted, k.conname)
    else format('is constraint %s wanted? If it is, drop it and add it without NOT ENFORCED', k.conname)
  end as suggestion,
  case when k.contype = 'f' then 'statement' else 'redesign' end as remedy,
  case
    when k.contype = 'f' then jsonb_build_array(jsonb_build_object(
      'where', array['violating rows', 'violating rows in sample'], 'remedy', 'redesign',
      'comment', format(
        'run this when the query returns no rows: select * from %s as t where %s', r.quoted, b.predicate
      ),
      'suggestion', format('alter table %s alter constraint %I enforced', r.quoted, k.conname)
    ))
    else jsonb_build_array(jsonb_build_object(
      'where', array['all rows agree'], 'remedy', 'statement',
      'suggestion', format(
        E'alter table %1$s add constraint %3$I %4$s not valid;\nalter table %1$s validate constraint %3$I;\n'
        'alter table %1$s drop constraint %2$I',
        r.quoted, k.conname, left(k.conname, 54) || '_enforced', d.definition
      )
    ))
  end as instead,
  jsonb_build_object(
    'from', s.source,
    'measures', jsonb_build_object('rows', 'count(*)', 'violations', format(b.count_pattern, b.predicate, s.source)),
    case when s.is_sampled then 'violating rows in sample' else 'violating rows' end, 'v.violations',
    'evidence', 'case when v.rows >= 5 and v.violations = 0 then ''{"all rows agree": true}'' else ''{}'' end::jsonb'
  ) as probe
from pg_constraint as k
join relation as r on r.oid = k.conrelid
join sample as s on s.relation = r.oid
join violation_predicate as b on b.oid = k.oid
cross join lateral (
  select regexp_replace(pg_get_constraintdef(k.oid), ' (NOT VALID )?NOT ENFORCED$', '') as definition
) as d
where to_jsonb(k) ->> 'conenforced' = 'false'
  and k.conparentid = 0
  -- an inherited check is its parent's
  and k.conislocal
order by 1
