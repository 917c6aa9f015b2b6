-- title: Lookup name without a unique constraint
-- severity: info
-- key: object
-- why: A lookup table contains each value once. With two rows of one name, equal values are counted separately, and
--   the right row is unknown.
select c.object,
  format(
    '%s is a lookup table, but no unique constraint protects %s', r.object, c.object
  ) as message,
  '{}'::jsonb as evidence,
  case
    when r.is_partitioned then format(
      'move the lookup values to a table without partitions, with a unique index on %s', c.quoted
    )
    else format('is %s unique in the list that %s is? If it is, add a unique index', c.object, r.object)
  end as suggestion,
  'redesign' as remedy,
  case
    when r.is_partitioned or c.relation in (
      -- a code keeps the rows apart, so that names may be equal
      select u.relation from table_index as u where u.is_unique and not u.is_primary
    ) then '[]'
    else jsonb_build_array(jsonb_build_object(
      'where', array['all values differ'], 'remedy', 'statement',
      'suggestion', format('create unique index concurrently on %s (%s)', r.quoted, c.quoted)
    ))
  end as instead,
  jsonb_build_object(
    'from', s.source,
    case when s.is_sampled then 'sampled values' else 'values' end, format('count(t.%s)', c.quoted),
    'evidence', format(
      'case when count(t.%1$s) >= 2 and count(t.%1$s) = count(distinct t.%1$s) '
      'then jsonb_build_object(''all values differ'', true, ''message'', %2$L) else ''{}'' end', c.quoted,
      format(
        '%s is a lookup table, but no unique constraint protects %s; its values are unique today', r.object, c.object
      )
    ),
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
  -- persons and companies may have one name
  and not r.has_parties
  and r.last_word !~ '^(part(y|ies)|organi[sz]ations?|compan(y|ies)|agenc(y|ies))$'
  -- the names of a tree's nodes need only differ below one parent
  and not exists (select from foreign_key as f where f.relation = r.oid and f.target = r.oid)
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
