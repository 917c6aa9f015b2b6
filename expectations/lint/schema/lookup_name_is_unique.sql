-- title: Lookup name without a unique constraint
-- severity: info
-- key: object
-- why: A lookup table contains each value once. With two rows of one name, equal values are counted separately, and
--   the right row is unknown.
select c.object,
  format(
    '%s is a lookup table, but no unique constraint protects %s; its values are unique today', r.object, c.object
  ) as message,
  '{}'::jsonb as evidence,
  case
    when r.is_partitioned then format(
      'move the lookup values to a table without partitions, with a unique index on %s', c.quoted
    )
    else format('create unique index concurrently on %s (%s)', r.quoted, c.quoted)
  end as suggestion,
  case when r.is_partitioned then 'redesign' else 'statement' end as remedy,
  jsonb_build_object(
    'from', s.source,
    case when s.is_sampled then 'sampled values' else 'values' end, format('count(t.%s)', c.quoted),
    'holds', format('count(t.%1$s) = count(distinct t.%1$s)', c.quoted)
  ) as probe
from table_kind as x
join relation as r on r.oid = x.relation
join sample as s on s.relation = x.relation
join (
  select distinct on (c.relation) c.*
  from table_column as c
  where c.family = 'text'
    and c.last_word in ('name', 'title', 'label')
  order by c.relation, cardinality(c.words), c.last_word <> 'name', c.attnum
) as c on c.relation = r.oid
where x.is_lookup
  and not exists (
    select
    from table_index as g
    where g.relation = c.relation
      and g.is_valid
      and (g.is_unique or g.has_constraint)
      and (
        c.attnum = any(g.attnums)
        or g.has_expressions
          and exists (
            select
            from pg_depend as d
            where d.classid = 'pg_class'::regclass and d.objid = g.oid
              and d.refclassid = 'pg_class'::regclass and d.refobjid = c.relation and d.refobjsubid = c.attnum
          )
      )
  )
order by c.object
