-- title: Mixed text types in one table
-- severity: info
-- key: object
-- why: Two columns that hold the same kind of thing end at different lengths: what one takes, the other refuses. A
--   limit that is meant is plainer as a CHECK, which can be changed without a change of type.
with spoken as (
  select c.relation, c.place, c.name, c.named, c.written, c.last_word, c.type = 1043 and c.modifier > 4 as is_limited,
    c.modifier - 4 as most,
    bool_or(c.type = 1043 and c.modifier > 4) over by_word and bool_or(c.type = 25) over by_word as is_mixed
  from col as c
  join role as o on o.relation = c.relation and o.place = c.place
  where c.type in (25, 1043)
    -- a domain is a decision of its own, a reference takes the type of its key
    and not c.is_domain
    and not o.is_reference
  window by_word as (partition by c.relation, c.last_word)
)
select r.object,
  format(
    'in table %s, %s', r.object,
    string_agg(format('%s is a %s', s.name, s.written), ', ' order by s.last_word, s.is_limited desc, s.place)
  ) as message,
  jsonb_build_object('types', jsonb_object_agg(s.name, s.written)) as evidence,
  string_agg(
    format(
      E'alter table %1$s alter column %2$s type text, add constraint %3$I check (char_length(%2$s) <= %4$s) not valid;\n'
        'alter table %1$s validate constraint %3$I',
      r.named, s.named, s.name || '_length', s.most
    ),
    E';\n' order by s.place
  ) filter (where s.is_limited) as suggestion,
  -- a type stands fast while a view, a rule, a policy or a trigger reads the column
  case when bool_or(s.is_limited and held.is_held) then 'redesign' else 'statement' end as remedy
from spoken as s
join relation as r on r.oid = s.relation
cross join lateral (
  select exists (
    select
    from pg_depend as d
    where d.refclassid = 'pg_class'::regclass and d.refobjid = s.relation and d.refobjsubid = s.place
      and (
        d.classid in ('pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass)
        or d.classid = 'pg_attrdef'::regclass
          and exists (
            select
            from pg_attrdef as e
            join pg_attribute as a on a.attrelid = e.adrelid and a.attnum = e.adnum
            where e.oid = d.objid and a.attgenerated <> ''
          )
      )
  ) as is_held
) as held
where s.is_mixed
group by r.oid, r.object, r.named
order by r.object
