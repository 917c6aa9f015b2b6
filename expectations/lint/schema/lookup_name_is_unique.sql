-- title: Lookup name without a unique constraint
-- severity: info
-- key: object
-- why: A lookup is there so that each thing is in it once. With two entries of one name, rows that mean the same count
--   apart, and nobody can tell which entry is the right one.
select c.object,
  format('%s is a lookup, and nothing keeps %s unique: today it is', r.object, c.object) as message,
  '{}'::jsonb as evidence,
  case
    when r.is_partitioned then format('a unique index on %s, which takes a table without partitions', c.named)
    else format('create unique index concurrently on %s (%s)', r.named, c.named)
  end as suggestion,
  case when r.is_partitioned then 'redesign' else 'statement' end as remedy,
  jsonb_build_object(
    'from', s.source,
    case when s.is_part then 'sampled values' else 'values' end, format('count(t.%s)', c.named),
    'holds', format('count(t.%1$s) = count(distinct t.%1$s)', c.named)
  ) as probe
from trait as x
join relation as r on r.oid = x.relation
join sample as s on s.relation = x.relation
join (
  select distinct on (c.relation) c.*
  from col as c
  where c.family = 'text'
    and c.last_word in ('name', 'title', 'label')
  order by c.relation, cardinality(c.words), c.last_word <> 'name', c.place
) as c on c.relation = r.oid
where x.is_lookup
  and not exists (
    select
    from guide as g
    where g.relation = c.relation
      and g.is_valid
      and (g.is_unique or g.is_tied)
      and (
        c.place = any(g.places)
        or g.has_expressions
          and exists (
            select
            from pg_depend as d
            where d.classid = 'pg_class'::regclass and d.objid = g.oid
              and d.refclassid = 'pg_class'::regclass and d.refobjid = c.relation and d.refobjsubid = c.place
          )
      )
  )
order by c.object
