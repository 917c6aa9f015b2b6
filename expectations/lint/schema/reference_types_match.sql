-- title: Reference and key types differ
-- severity: warning
-- key: object
-- why: A narrower reference cannot hold every key, and fails on the day the keys have outgrown it; one of another family
--   is compared through a conversion at each join, which indexes are of no help with.
with pair as (
  select f.relation, u.place, f.target, u.target_place
  from reference as f
  cross join lateral unnest(f.places, f.target_places) as u (place, target_place)
  union
  select k.relation, k.place, k.target, k.target_place
  from kinship as k
  where k.is_certain
),
compared as (
  select c.relation, c.place, c.object, c.named, r.named as table_named, p.target_place, k.object as target_object,
    k.named as target_named, t.named as target_table,
    case when c.is_domain then format_type(c.type, c.modifier) else c.written end as written,
    case when k.is_domain then format_type(k.type, k.modifier) else k.written end as target_written,
    c.family = k.family as is_kin,
    c.type as type, k.type as target_type,
    -- how much fits in: bytes of integers, digits of numerics, characters of texts
    case
      when c.family = 'integer' then w.typlen
      when c.family = 'text' and c.type <> 25 then coalesce(nullif(c.modifier, -1) - 4, 2147483647)
      when c.family = 'text' then 2147483647
      when c.family = 'numeric' then coalesce((nullif(c.modifier, -1) - 4) >> 16, 2147483647)
      else 0
    end as room,
    case
      when k.family = 'integer' then v.typlen
      when k.family = 'text' and k.type <> 25 then coalesce(nullif(k.modifier, -1) - 4, 2147483647)
      when k.family = 'text' then 2147483647
      when k.family = 'numeric' then coalesce((nullif(k.modifier, -1) - 4) >> 16, 2147483647)
      else 0
    end as target_room
  from pair as p
  join relation as r on r.oid = p.relation
  join relation as t on t.oid = p.target
  join col as c on c.relation = p.relation and c.place = p.place
  join col as k on k.relation = p.target and k.place = p.target_place
  join pg_type as w on w.oid = c.type
  join pg_type as v on v.oid = k.type
)
select distinct on (d.object) d.object,
  case when d.is_kin and d.room >= d.target_room then 'info' else 'warning' end as severity,
  case
    when not d.is_kin
      then format('%s is of type %s, the key it points at, %s, of type %s', d.object, d.written, d.target_object, d.target_written)
    when d.room < d.target_room
      then format(
        '%s is of type %s, and does not hold every key of %s, of type %s', d.object, d.written, d.target_object, d.target_written
      )
    else format(
      '%s is of type %s, which is not that of the key it points at, %s: %s', d.object, d.written, d.target_object, d.target_written
    )
  end as message,
  jsonb_build_object('type', d.written, 'points at', d.target_object, 'type there', d.target_written) as evidence,
  case
    when d.is_kin and d.room > d.target_room
      then format('alter table %s alter column %s type %s', d.target_table, d.target_named, d.written)
    else format('alter table %s alter column %s type %s', d.table_named, d.named, d.target_written)
  end as suggestion,
  'rewrite' as remedy
from compared as d
where not d.is_kin
  or d.room <> d.target_room
  -- padded or not
  or d.type <> d.target_type and 1042 in (d.type, d.target_type)
order by d.object, d.is_kin, d.room < d.target_room desc, d.target_object
