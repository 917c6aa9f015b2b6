-- title: Same column name, different types
-- severity: info
-- key: object
-- why: Who knows the name from one table trusts it in the next: a join on it fails or casts each row, and a
--   comparison finds nothing without saying so.
with spoken as (
  select r.schema, r.object as table_object, r.named as table_named, r.is_partitioned, c.relation, c.place, c.name,
    c.object, c.named, c.type, c.declared, c.written, c.preset, c.is_generated, c.is_identity, f.family,
    o.is_key or o.is_reference
      or (c.relation, c.place) in (select f.target, unnest(f.target_places) from reference as f) as is_joined,
    count(*) over (partition by r.schema, c.name) as uses,
    count(*) over (partition by r.schema, c.name, f.family) as agreeing
  from col as c
  join relation as r on r.oid = c.relation
  join role as o on o.relation = c.relation and o.place = c.place
  cross join lateral (
    select case
      when c.type in (1083, 1266) then 'time of day'
      when c.family in ('_text', '_varchar', '_bpchar', '_citext') then 'texts'
      when c.family in ('_int2', '_int4', '_int8') then 'integers'
      when c.family in ('_json', '_jsonb') then 'jsons'
      when c.family in ('_timestamp', '_timestamptz') then 'times'
      when c.family = 'name' then 'text'
      when c.family = 'cidr' then 'inet'
      else c.family
    end as family
  ) as f
),
common as (
  select s.schema, s.name, s.family, s.agreeing, mode() within group (order by s.written) as written,
    mode() within group (order by s.type) as type, min(s.object) as example
  from spoken as s
  where s.agreeing * 10 >= s.uses * 6
    and s.agreeing < s.uses
  group by s.schema, s.name, s.family, s.agreeing
)
select s.object,
  format(
    '%s is a %s, while %s of the %s columns named %s in schema %s are of the kind of %s (%s)', s.object, s.written,
    k.agreeing, s.uses, s.name, s.schema, k.example, k.written
  ) as message,
  jsonb_build_object('type', s.written, 'others', k.written, 'columns', s.uses, 'agreeing', k.agreeing) as evidence,
  case
    when fits.it then format(
      'alter table %1$s %3$salter column %2$s type %4$s using %2$s::%4$s%5$s', s.table_named, s.named,
      case when s.preset is null then '' else format('alter column %s drop default, ', s.named) end, k.written,
      case
        when s.preset is null then ''
        else format(', alter column %s set default (%s)::%s', s.named, s.preset, k.written)
      end
    )
    else format('either %s becomes a %s like the others, or it gets a name of its own', s.object, k.written)
  end as suggestion,
  case when fits.it then 'rewrite' else 'redesign' end as remedy
from spoken as s
join common as k on k.schema = s.schema and k.name = s.name and k.family <> s.family
cross join lateral (
  select not s.is_joined and not s.is_generated and not s.is_identity and not s.is_partitioned and (
    k.family = 'text'
    or s.type = 1700 and k.family = 'integer'
    or exists (select from pg_cast as x where x.castsource = s.type and x.casttarget = k.type)
  ) as it
) as fits
order by s.object
