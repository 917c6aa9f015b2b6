join pg_catalog.pg_attribute as a on a.attrelid = k.tab and a.attname = k.col
cross join lateral (
  select d.objid as oid
  from pg_catalog.pg_depend as d
  where d.refobjid = k.tab and d.refobjsubid = a.attnum and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
  union
  select d.refobjid
  from pg_catalog.pg_attrdef as f
  join pg_catalog.pg_depend as d on d.classid = 'pg_attrdef'::regclass and d.objid = f.oid
  where f.adrelid = k.tab and f.adnum = a.attnum and d.refclassid = 'pg_class'::regclass
) as s
join pg_catalog.pg_sequence as q on q.seqrelid = s.oid
