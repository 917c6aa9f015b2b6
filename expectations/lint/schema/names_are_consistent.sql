-- title: Inconsistent column names
-- severity: info
-- key: object
-- why: Some columns carry the table's name and some do not: nobody can tell a column's name without looking it up.
with own as (
  select c.relation, c.place, c.name, c.named, p.size as prefix_size, p.size > 0 as carries,
    cardinality(c.spoken) - cardinality(c.words) as unspoken, c.words[p.size + 1:p.size + 2] as stem,
    cardinality(c.words) - p.size as rest
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
-- a name in three parts: what says nothing, the table's name as it is written, the rest
split as (
  select t.*, translate(m.part[1], E'\x01', '') as head, translate(m.part[2], E'\x01', '') as lead, translate(m.part[3], E'\x01', '') as tail,
    -- parkName, where the capital letter is all that parts the words
    m.part[2] ~ E'\x01$' as is_camel
  from told as t
  cross join lateral (
    select regexp_match(
      regexp_replace(t.name, '([a-z0-9])([A-Z])', E'\\1\x01\\2', 'g'),
      format(
        '^([%1$s]*(?:[^%1$s]+[%1$s]+){%2$s})((?:[^%1$s]+[%1$s]+){%3$s})(.*)$',
        '\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f', t.unspoken, t.prefix_size
      )
    ) as part
  ) as m
),
verdict as (
  select s.relation, count(*) filter (where s.carries) as with_name, count(*) filter (where not s.carries) as without_name,
    -- null where it is written in more than one way
    case when count(distinct s.lead) filter (where s.carries) = 1 then max(s.lead) filter (where s.carries) end as lead,
    bool_or(s.is_camel) as is_camel
  from split as s
  group by s.relation
  having count(*) filter (where s.carries) >= 2 and count(*) filter (where not s.carries) >= 2
),
renamed as (
  select s.relation, s.place, s.name, s.named, s.carries, v.with_name, v.without_name,
    s.head || case
      when v.lead is null then null
      when v.with_name < v.without_name and s.is_camel and s.lead ~ '^[a-z]'
      then lower(left(s.tail, 1)) || substr(s.tail, 2)
      when v.with_name < v.without_name then s.tail
      when v.is_camel then v.lead || upper(left(s.tail, 1)) || substr(s.tail, 2)
      else v.lead || s.tail
    end as new_name,
    v.with_name >= v.without_name as adds
  from verdict as v
  join split as s on s.relation = v.relation
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
    when bool_and(fits.is_so) then string_agg(
      format('alter table %s rename column %s to %I', r.named, n.named, n.new_name), E';\n' order by n.place
    ) filter (where n.adds <> n.carries and n.new_name is not null)
    else format('one way of naming for the columns of %s: all with the name of the table, or none', r.object)
  end as suggestion,
  -- whatever names the columns has to change with them
  'redesign' as remedy
from renamed as n
join relation as r on r.oid = n.relation
cross join lateral (
  select n.adds = n.carries
    or n.new_name is not null
      -- one that needs no quotes gets none that does
      and (n.new_name ~ '^[a-z_][a-z0-9_]*$' or n.named <> n.name)
      and octet_length(n.new_name) between 1 and 63
      and not exists (select from col as c where c.relation = n.relation and c.name = n.new_name) as is_so
) as fits
group by r.oid, r.object, r.named
order by r.object
