-- title: Mixed text types in one table
-- severity: info
-- key: object
-- why: Columns with the same kind of content have different length limits: one rejects a value that the other
--   accepts. An intended limit is clearer as a CHECK, which can be changed without a change of type.
with text_column as (
  select c.relation, c.attnum, c.name, c.quoted, c.type_name, c.last_word, c.type = 1043 and c.typmod > 4 as is_limited,
    c.typmod - 4 as most,
    bool_or(c.type = 1043 and c.typmod > 4) over by_word and bool_or(c.type = 25) over by_word as is_mixed
  from table_column as c
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  where c.type in (25, 1043)
    -- domains are chosen deliberately, and references have the type of their key
    and not c.is_domain
    and not c.is_inherited
    and not o.is_reference
  window by_word as (partition by c.relation, c.last_word)
)
select r.object,
  format(
    'in table %s, %s', r.object,
    string_agg(format('%s has type %s', s.name, s.type_name), ', ' order by s.last_word, s.is_limited desc, s.attnum)
  ) as message,
  jsonb_build_object('types', jsonb_object_agg(s.name, s.type_name)) as evidence,
  string_agg(
    format(
      E'alter table %1$s alter column %2$s type text, add constraint %3$I check (char_length(%2$s) <= %4$s) not valid;\n'
        'alter table %1$s validate constraint %3$I',
      r.quoted, s.quoted, s.name || '_length', s.most
    ),
    E';\n' order by s.attnum
  ) filter (where s.is_limited) as suggestion,
  -- views, rules, policies and triggers that read the column block a change of its type
  case when bool_or(s.is_limited and held.is_held) then 'redesign' else 'statement' end as remedy
from text_column as s
join relation as r on r.oid = s.relation
cross join lateral (
  select exists (
    select
    from pg_depend as d
    where d.refclassid = 'pg_class'::regclass and d.refobjid = s.relation and d.refobjsubid = s.attnum
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
group by r.oid, r.object, r.quoted
order by r.object
