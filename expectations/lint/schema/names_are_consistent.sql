-- title: Inconsistent column names
-- severity: info
-- key: object
-- why: Some columns have the table's name as a prefix and some do not. Each column's name must be looked up.
with own_column as (
  select c.relation, c.attnum, c.name, c.quoted, p.size as prefix_size, p.size > 0 as has_prefix,
    cardinality(c.all_words) - cardinality(c.words) as shared_prefix_size, c.words[p.size + 1:p.size + 2] as stem,
    cardinality(c.words) - p.size as rest_size
  from table_column as c
  join relation as r on r.oid = c.relation
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  cross join lateral (
    -- the table's name, or the same in the singular
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
    and not c.is_inherited
    and not o.is_reference
    and not o.is_audit
    and c.last_word not in ('id', 'ids', 'ref', 'fk', 'uuid', 'guid', 'gid')
    -- exclude is_ and has_ columns, and columns named like the table
    and c.words[1] not in ('is', 'has')
    and cardinality(c.words) > p.size
),
-- columns that share two words form a group with its own name
ungrouped as (
  select o.*
  from (select o.*, count(*) over (partition by o.relation, o.stem) as columns_with_stem from own_column as o) as o
  where o.rest_size < 2 or o.columns_with_stem < 2
),
-- a name in three parts: prefix of most columns, table's name, rest
split as (
  select t.*, translate(m.part[1], E'\x01', '') as head, translate(m.part[2], E'\x01', '') as prefix,
    translate(m.part[3], E'\x01', '') as tail,
    -- parkName: only the capital letter separates the words
    m.part[2] ~ E'\x01$' as is_camel
  from ungrouped as t
  cross join lateral (
    select regexp_match(
      regexp_replace(t.name, '([a-z0-9])([A-Z])', E'\\1\x01\\2', 'g'),
      format(
        '^([%1$s]*(?:[^%1$s]+[%1$s]+){%2$s})((?:[^%1$s]+[%1$s]+){%3$s})(.*)$',
        '\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f', t.shared_prefix_size, t.prefix_size
      )
    ) as part
  ) as m
),
prefix_use as (
  select s.relation, count(*) filter (where s.has_prefix) as with_name,
    count(*) filter (where not s.has_prefix) as without_name,
    -- null if the table's name is spelt in several ways
    case when count(distinct s.prefix) filter (where s.has_prefix) = 1 then max(s.prefix) filter (where s.has_prefix) end as prefix,
    bool_or(s.is_camel) as is_camel
  from split as s
  group by s.relation
  having count(*) filter (where s.has_prefix) >= 2 and count(*) filter (where not s.has_prefix) >= 2
),
renamed as (
  select s.relation, s.attnum, s.name, s.quoted, s.has_prefix, v.with_name, v.without_name,
    s.head || case
      when v.prefix is null then null
      when v.with_name < v.without_name and s.is_camel and s.prefix ~ '^[a-z]'
      then lower(left(s.tail, 1)) || substr(s.tail, 2)
      when v.with_name < v.without_name then s.tail
      when v.is_camel then v.prefix || upper(left(s.tail, 1)) || substr(s.tail, 2)
      else v.prefix || s.tail
    end as new_name,
    v.with_name >= v.without_name as adds
  from prefix_use as v
  join split as s on s.relation = v.relation
)
select r.object,
  format(
    'in table %s, the names of %s begin with the table''s name, those of %s do not', r.object,
    string_agg(n.name, ', ' order by n.attnum) filter (where n.has_prefix),
    string_agg(n.name, ', ' order by n.attnum) filter (where not n.has_prefix)
  ) as message,
  jsonb_build_object(
    'with the name', jsonb_agg(n.name order by n.attnum) filter (where n.has_prefix),
    'without', jsonb_agg(n.name order by n.attnum) filter (where not n.has_prefix)
  ) as evidence,
  case
    when bool_and(fits.is_so) then string_agg(
      format('alter table %s rename column %s to %I', r.quoted, n.quoted, n.new_name), E';\n' order by n.attnum
    ) filter (where n.adds <> n.has_prefix and n.new_name is not null)
    else format('name all columns of %s in one way: with the table''s name as a prefix, or without', r.object)
  end as suggestion,
  -- programs that use the names must change too
  'redesign' as remedy
from renamed as n
join relation as r on r.oid = n.relation
cross join lateral (
  select n.adds = n.has_prefix
    or n.new_name is not null
      -- a name that needs no quotes keeps that property
      and (n.new_name ~ '^[a-z_][a-z0-9_]*$' or n.quoted <> n.name)
      and octet_length(n.new_name) between 1 and 63
      and not exists (select from table_column as c where c.relation = n.relation and c.name = n.new_name) as is_so
) as fits
group by r.oid, r.object, r.quoted
order by r.object
