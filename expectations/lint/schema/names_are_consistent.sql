-- title: Columns named in two ways
-- severity: info
-- key: object
-- why: Some columns carry the table's name and some do not: nobody can tell a column's name without looking it up.
with own as (
  select c.relation, c.place, c.name, c.named, p.size as prefix_size, p.size > 0 as carries,
    c.words[p.size + 1:p.size + 2] as stem, cardinality(c.words) - p.size as rest
  from col as c
  join relation as r on r.oid = c.relation
  join role as o on o.relation = c.relation and o.place = c.place
  cross join lateral (
    -- the table's name, as it is or its last word in the singular
    select case
      when c.words[:cardinality(r.words) - 1] = r.words[:cardinality(r.words) - 1]
        and c.words[cardinality(r.words)] in (
          r.last_word, regexp_replace(r.last_word, 's$', ''), regexp_replace(r.last_word, 'es$', ''),
          regexp_replace(r.last_word, 'ies$', 'y'), case r.last_word when 'people' then 'person' end
        )
      then cardinality(r.words)
      else 0
    end as size
  ) as p
  where not o.is_key
    and not o.is_reference
    and not o.is_audit
    and cardinality(c.words) > 0
    and c.last_word not in ('id', 'ids', 'ref', 'fk', 'uuid', 'guid', 'gid')
    -- questions are named as questions, and the table's own name is neither way
    and c.words[1] not in ('is', 'has')
    and cardinality(c.words) > p.size
),
-- columns that share two words are a group with a name of its own
told as (
  select o.*
  from (select o.*, count(*) over (partition by o.relation, o.stem) as alike from own as o) as o
  where o.rest < 2 or o.alike < 2
),
verdict as (
  select t.relation, count(*) filter (where t.carries) as with_name, count(*) filter (where not t.carries) as without_name,
    -- the prefix as it is written
    max(t.lead) filter (where t.carries) as lead
  from (
    select t.*, substring(t.name from '^' || repeat('[a-z0-9]+_', t.prefix_size)) as lead
    from told as t
  ) as t
  group by t.relation
  having count(*) filter (where t.carries) >= 2 and count(*) filter (where not t.carries) >= 2
),
renamed as (
  select t.relation, t.place, t.name, t.named, t.carries, v.with_name, v.without_name,
    case when v.with_name >= v.without_name then v.lead || t.name else substr(t.name, length(v.lead) + 1) end as new_name,
    v.with_name >= v.without_name as adds
  from verdict as v
  join told as t on t.relation = v.relation
)
select r.object,
  format(
    'table %s: %s carry its name, %s do not', r.object,
    string_agg(n.name, ', ' order by n.place) filter (where n.carries),
    string_agg(n.name, ', ' order by n.place) filter (where not n.carries)
  ) as message,
  jsonb_build_object(
    'with the name', jsonb_agg(n.name order by n.place) filter (where n.carries),
    'without', jsonb_agg(n.name order by n.place) filter (where not n.carries)
  ) as evidence,
  case
    when bool_and(fits.it) then string_agg(
      format('alter table %s rename column %s to %I', r.named, n.named, n.new_name), E';\n' order by n.place
    ) filter (where n.adds <> n.carries)
    else format('one way of naming for the columns of %s: all with the name of the table, or none', r.object)
  end as suggestion,
  -- whatever names the columns has to change with them
  'redesign' as remedy
from renamed as n
join relation as r on r.oid = n.relation
cross join lateral (
  select n.adds = n.carries
    or n.new_name ~ '^[a-z_][a-z0-9_]*$'
      and length(n.new_name) <= 63
      and not exists (select from col as c where c.relation = n.relation and c.name = n.new_name) as it
) as fits
group by r.oid, r.object, r.named
order by r.object
