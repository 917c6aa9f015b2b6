-- title: Unique point in time
-- severity: info
-- key: object
-- why: Two rows of one moment are refused: rows of one transaction share now(), and busy programs meet within a
--   microsecond.
select g.object,
  format('index %s lets each time of %s occur once', g.name, c.object) as message,
  jsonb_build_object('type', c.type_name) as evidence,
  format('may two rows have the same %s? If they may, give table %s a key of its own', c.name, r.object) as suggestion,
  'redesign' as remedy
from table_index as g
join relation as r on r.oid = g.relation
join table_column as c on c.relation = g.relation and c.attnum = g.attnums[1]
where g.is_unique
  and not g.is_partial
  and cardinality(g.attnums) = 1
  and c.family = 'time'
order by 1
