-- title: Repeated foreign key
-- severity: info
-- key: object
-- why: Each insert, update and delete checks the same reference twice. Where the two differ in what a deletion does,
--   the older one acts first and can make the other fail or do nothing.
with same_key as (
  select f.oid, f.relation, f.target, f.name, f.quoted, f.on_delete, k.confupdtype::text as on_update,
    -- the same columns, in whatever order
    p.pairs, k.condeferrable as is_deferrable, f.is_validated
  from foreign_key as f
  join pg_constraint as k on k.oid = f.oid
  cross join lateral (
    select array_agg(u.attnum || '>' || u.target_attnum order by u.attnum, u.target_attnum) as pairs
    from unnest(f.attnums, f.target_attnums) as u (attnum, target_attnum)
  ) as p
),
repeated as (
  select b.*, a.name as other,
    a.on_delete = b.on_delete and a.on_update = b.on_update and a.is_deferrable = b.is_deferrable as is_equal,
    row_number() over (partition by b.oid order by a.is_validated desc, a.oid) as number
  from same_key as b
  join same_key as a on a.relation = b.relation and a.target = b.target and a.pairs = b.pairs
    -- the validated one stays, else the older
    and (not a.is_validated, a.oid) < (not b.is_validated, b.oid)
)
select r.object || '.' || d.name as object,
  case when d.is_equal then 'info' else 'warning' end as severity,
  format(
    case
      when d.is_equal then 'foreign keys %s and %s of table %s are the same'
      else 'foreign keys %s and %s of table %s are of the same columns, but differ in what an update or a deletion does'
    end,
    d.other, d.name, r.object
  ) as message,
  jsonb_build_object('other foreign key', d.other, 'references', t.object) as evidence,
  case
    when d.is_equal then format('alter table %s drop constraint %s', r.quoted, d.quoted)
    else format('which of %s and %s is right? Drop the other', d.other, d.name)
  end as suggestion,
  case when d.is_equal then 'statement' else 'redesign' end as remedy
from repeated as d
join relation as r on r.oid = d.relation
join relation as t on t.oid = d.target
where d.number = 1
order by 1
