-- title: Reference that may change its owner
-- severity: info
-- key: object
-- why: A row and the row that it references belong to the same owner, but each says so on its own. Nothing keeps a
--   row of one owner from referencing a row of another.
with edge as (
  select f.relation, f.attnums[1] as attnum, f.target, f.target_attnums[1] as target_attnum, true as is_constraint
  from foreign_key as f
  where cardinality(f.attnums) = 1
  union
  select k.relation, k.attnum, k.target, k.target_attnum, false
  from implied_foreign_key as k
  where k.is_certain and k.is_whole
),
shared as (
  -- a reference to a row, and a column of one name in both that references the same owner
  select e.relation, e.attnum, e.target, e.target_attnum, a.attnum as owner_attnum, b.attnum as target_owner_attnum
  from edge as e
  join edge as a on a.relation = e.relation and a.attnum <> e.attnum
  join edge as b on b.relation = e.target and b.target = a.target and b.attnum <> e.target_attnum
  join table_column as c on c.relation = a.relation and c.attnum = a.attnum
  join table_column as d on d.relation = b.relation and d.attnum = b.attnum and d.name = c.name and d.type = c.type
  where a.target not in (e.relation, e.target)
    -- the author of a row is not its owner
    and (a.relation, a.attnum) not in (select o.relation, o.attnum from column_role as o where o.is_audit)
    -- a key that holds both
    and not exists (
      select from foreign_key as k where k.relation = e.relation and k.target = e.target
        and e.attnum = any(k.attnums) and a.attnum = any(k.attnums)
    )
)
select format('%s.(%s, %s)', r.object, c.name, o.name) as object,
  format(
    '%s references %s, and both name the same %s in every row, but no foreign key holds the two together', c.object,
    t.object, o.name
  ) as message,
  jsonb_build_object('references', t.object, 'column of both', o.name) as evidence,
  format(
    E'-- then %5$s of both rows has to change in one statement\n'
      'create unique index concurrently on %1$s (%2$s, %3$s);\n'
      'alter table %4$s add constraint %6$I foreign key (%7$s, %5$s) references %1$s (%2$s, %3$s) not valid;\n'
      'alter table %4$s validate constraint %6$I',
    t.quoted, p.quoted, q.quoted, r.quoted, o.quoted, left(r.name || '_' || c.name, 50) || '_keeps_owner', c.quoted
  ) as suggestion,
  'redesign' as remedy,
  jsonb_build_object(
    'from', format(
      '(select t.%1$s = p.%2$s as agrees, t.%1$s as owner from %3$s join %4$s as p on p.%5$s = t.%6$s '
      'where t.%1$s is not null and p.%2$s is not null and (t.%6$s, t.%1$s) is not null) as v',
      o.quoted, q.quoted, s.source, t.quoted, p.quoted, c.quoted
    ),
    case when s.is_sampled then 'sampled rows that agree' else 'rows that agree' end, 'count(*) filter (where v.agrees)',
    -- one owner alone agrees with everything
    'holds', format(
      'count(*) >= 5 and bool_and(v.agrees) and min(v.owner%1$s) <> max(v.owner%1$s)',
      -- not all types have a minimum
      case when o.family in ('integer', 'numeric', 'text', 'date', 'time') then '' else '::text' end
    )
  ) as probe
from (select distinct e.* from shared as e) as e
join relation as r on r.oid = e.relation
join relation as t on t.oid = e.target
join sample as s on s.relation = e.relation
join table_column as c on c.relation = e.relation and c.attnum = e.attnum
join table_column as o on o.relation = e.relation and o.attnum = e.owner_attnum
join table_column as p on p.relation = e.target and p.attnum = e.target_attnum
join table_column as q on q.relation = e.target and q.attnum = e.target_owner_attnum
where not r.is_log
  and not t.is_partitioned
  and not r.is_partitioned
order by 1
