-- title: Identifier without a unique constraint
-- severity: info
-- key: object
-- why: Each row has another value today, and people and programs look rows up by it. Nothing keeps two rows from having
--   the same one tomorrow.
with identifier as (
  select c.relation, c.name, c.quoted, row_number() over (partition by c.relation order by c.attnum) as number,
    format('count(t.%1$s) >= 20 and count(distinct t.%1$s) = count(t.%1$s)', c.quoted) as is_unique
  from table_column as c
  join relation as r on r.oid = c.relation
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  join table_kind as x on x.relation = c.relation
  where c.family = 'text'
    and not r.is_log
    and not r.is_partitioned
    and not x.is_junction
    and not o.is_key
    and not o.is_reference
    and not c.is_generated
    and not c.is_inherited
    and (
      c.last_word in (
        'number', 'no', 'nr', 'code', 'key', 'token', 'hash', 'hostname', 'fingerprint', 'serial', 'reference', 'tag',
        'handle', 'barcode', 'plate', 'checksum', 'mac', 'md5', 'sha1', 'sha256', 'digest'
      )
      or c.last_word = 'id' and cardinality(c.words) > 1
      or c.last_word = 'email' and not r.has_parties and (c.words = array['email'] or c.is_not_null)
      -- the name of what other tables reference, but of persons
      or c.words = array['name']
        and not x.is_lookup
        and not r.has_parties
        and r.last_word !~ '^(part(y|ies)|organi[sz]ations?|compan(y|ies)|agenc(y|ies))$'
        and exists (select from foreign_key as f where f.target = c.relation and f.relation <> c.relation)
    )
    and not c.words && array[
      'password', 'passwd', 'pwd', 'pass', 'salt', 'phone', 'fax', 'mobile', 'tel', 'telephone', 'house', 'street', 'session',
      'trace', 'request', 'correlation', 'bank', 'old', 'previous', 'parent', 'memo', 'zip', 'postal', 'search', 'sort'
    ]
    -- of these another rule speaks
    and not (
      c.last_word in ('code', 'barcode')
      and (
        cardinality(c.words) = 1
        or (c.relation, array_to_string(c.words[:cardinality(c.words) - 1], '')) in (select n.relation, n.alias from table_alias as n)
      )
    )
    and c.words <> array['external', 'id']
    and (c.relation, c.attnum) not in (select k.relation, k.attnum from implied_foreign_key as k)
    and (c.relation, c.attnum) not in (select k.relation, unnest(k.attnums) from implied_composite_key as k)
    -- unique for each value of the column beside it that names its origin
    and not exists (
      select
      from table_column as p
      where p.relation = c.relation and p.attnum <> c.attnum and p.family in ('text', 'enum', 'integer')
        and cardinality(p.words) < cardinality(c.words) and p.words = c.words[:cardinality(p.words)]
    )
    and not exists (
      select
      from table_index as g
      where g.relation = c.relation and g.is_valid and (g.is_unique or g.has_constraint)
        and (
          c.attnum = any(g.attnums)
          or g.has_expressions and exists (
            select
            from pg_depend as d
            where d.classid = 'pg_class'::regclass and d.objid = g.oid
              and d.refclassid = 'pg_class'::regclass and d.refobjid = c.relation and d.refobjsubid = c.attnum
          )
        )
    )
)
select r.object,
  format('columns of table %s look like identifiers, and no unique constraint protects them', r.object) as message,
  '{}'::jsonb as evidence,
  'has it to stay so? If it has, add a unique index, with the tenant or parent where that is the scope' as suggestion,
  'redesign' as remedy,
  jsonb_build_object(
    'from', min(s.source),
    'evidence', format(
      '(select jsonb_build_object(''values'', jsonb_object_agg(v.name, v.filled), ''message'', format(%L, '
      'string_agg(v.name, '', '' order by v.number), case when count(*) = 1 then ''has another value in each row, and no '
      'unique constraint protects it'' else ''have another value in each row, and no unique constraint protects them'' end)) '
      'from (values %s) as v (number, name, filled, is_unique) where v.is_unique)',
      replace(r.object, '%', '%%') || ': %s %s',
      string_agg(format('(%s, %L, count(t.%s), %s)', c.number, c.name, c.quoted, c.is_unique), ', ' order by c.number)
    ),
    'holds', string_agg(c.is_unique, ' or ' order by c.number)
  )
  || case when bool_or(s.is_sampled) then jsonb_build_object('sampled rows', 'count(*)') else '{}' end as probe
from identifier as c
join relation as r on r.oid = c.relation
join sample as s on s.relation = c.relation
where c.number <= 30
group by r.oid, r.object
order by 1
