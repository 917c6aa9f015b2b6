-- title: Natural key without a unique constraint
-- severity: warning
-- key: object
-- why: The same person or product can be stored twice, under two keys, each with a part of the history. A search for
--   the value finds one of them by chance.
with natural_key as (
  select c.relation, c.attnum, w.word
  from table_column as c
  join relation as r on r.oid = c.relation
  cross join lateral (
    -- the words before the key word, and the key word; a name without separators is split at the longest one
    select
      case
        when c.words = array['external', 'id'] then array['', 'external_id']
        when cardinality(c.words) > 1 then array[array_to_string(c.words[:cardinality(c.words) - 1], ''), c.last_word]
        else regexp_match(
          c.words[1],
          '^(.*?)(email|username|login|slug|sku|isbn|ean|upc|gtin|barcode|iban|vin|ssn|rowguid|guid|gid|uuid|code)$'
        )
      end as parts
  ) as p
  cross join lateral (select p.parts[1] as stem, p.parts[2] as word) as w
  where c.family in ('text', 'uuid', 'integer')
    and w.word in (
      'email', 'username', 'login', 'slug', 'sku', 'isbn', 'ean', 'upc', 'gtin', 'barcode', 'iban', 'vin', 'ssn', 'guid',
      'rowguid', 'gid', 'uuid', 'code', 'external_id'
    )
    and (
      w.stem = ''
      or (c.relation, w.stem) in (select n.relation, n.alias from table_alias as n)
      -- the last word of the table's name may replace the whole name
      or w.word <> 'code' and w.stem in (r.last_word, regexp_replace(r.last_word, 's$', ''))
    )
    and not c.is_generated
    and (c.relation, c.attnum) not in (select o.relation, o.attnum from column_role as o where o.is_reference)
    and not r.is_log
    and not r.words && array[
      'applied', 'invited', 'invite', 'invites', 'invitation', 'invitations', 'requested', 'request', 'requests', 'webhook',
      'webhooks'
    ]
    and (
      w.word <> 'email'
      or r.has_parties
    )
    and (c.relation, c.attnum) not in (select k.relation, k.attnum from implied_foreign_key as k)
    and (c.relation, c.attnum) not in (select k.relation, unnest(k.attnums) from implied_composite_key as k)
    and c.relation not in (select x.relation from table_kind as x where x.is_junction)
)
select c.object,
  'info' as severity,
  format(
    'no unique constraint protects %s: table %s may contain the same %s twice', c.object, r.object,
    replace(k.word, '_', ' ')
  ) as message,
  jsonb_strip_nulls(jsonb_build_object(
    'type', c.type_name, 'distinct values by statistics', e.distincts, 'scope', g.name
  )) as evidence,
  case
    when g.quoted is null then format('is %s unique? If it is, add a unique index', c.object)
    else format(
      'is %s unique, or unique for each %s? Add a unique index on what is', c.object, g.name
    )
  end as suggestion,
  'redesign' as remedy,
  case
    when not h.is_clear then '[]'
    else jsonb_build_array(
      jsonb_build_object(
        'where', array['almost unique'],
        'comment', format(
          'run this when the query returns no rows: select %1$s from %2$s where %3$s group by %1$s having count(*) > 1',
          u.columns, r.quoted, w.condition
        ),
        'suggestion', format('%s where %s', u.create_index, w.condition)
      ),
      jsonb_build_object(
        'where', array['unique with empty texts'], 'remedy', 'statement',
        'suggestion', u.create_index || ' where ' || concat_ws(' and ', u.is_not_empty, u.is_not_deleted)
      ),
      jsonb_build_object(
        'where', array['unique'], 'remedy', 'statement',
        'suggestion', u.create_index || coalesce(' where ' || u.is_not_deleted, '')
      )
    )
  end as instead,
  jsonb_build_object(
    'from', s.source,
    'evidence', format(
      'jsonb_strip_nulls(jsonb_build_object(%1$L, v.filled, ''duplicates'', v.filled - v.distincts, '
      '''empty texts'', v.empty, '
      '''unique'', case when v.filled >= 5 and v.distincts = v.filled and v.empty = 0 then true end, '
      '''unique with empty texts'', case when v.filled >= 5 and v.distincts = v.filled and v.empty > 0 then true end, '
      '''almost unique'', case when v.filled > v.distincts and (v.filled - v.distincts) * 100 <= v.filled then true end, '
      '''severity'', case when v.filled >= 5 and (v.filled - v.distincts) * 100 <= v.filled and %2$L then ''warning'' end'
      '))',
      case when s.is_sampled then 'sampled values' else 'values' end,
      -- a sample contains few of the duplicates
      not (s.is_sampled and coalesce(e.distincts < 0.99 * e.values, false)) and h.is_clear
    ),
    -- what mostly repeats names something else than the row
    'holds', 'v.filled < 20 or v.each * 2 > v.filled',
    'measures', jsonb_build_object(
      'filled', format('count(%s)', u.value),
      'empty', case when u.is_text then format('count(*) filter (where t.%s = '''')', c.quoted) else '0' end,
      -- grouped, which takes half of the time of count(distinct): that sorts
      'each', format(n.different, u.value, s.source, u.value),
      'distincts', format(
        n.different, case when g.quoted is null then u.value else format('(t.%s, %s)', g.quoted, u.value) end, s.source,
        u.value
      )
    )
  ) as probe
from natural_key as k
join table_column as c on c.relation = k.relation and c.attnum = k.attnum
join relation as r on r.oid = k.relation
join sample as s on s.relation = k.relation
left join (
  -- rows that are only marked as deleted need not be unique
  select distinct on (a.relation) a.relation, a.quoted
  from table_column as a
  where a.family = 'time'
    and a.words in (array['deleted', 'at'], array['discarded', 'at'], array['deleted', 'on'])
  order by a.relation, a.attnum
) as d on d.relation = c.relation
left join (
  select distinct on (p.schemaname, p.tablename, p.attname) p.schemaname, p.tablename, p.attname, p.null_frac, p.n_distinct
  from pg_stats as p
  where p.n_distinct <> 0
  order by p.schemaname, p.tablename, p.attname, p.inherited desc
) as p on s.is_sampled and p.schemaname = r.schema and p.tablename = r.name and p.attname = c.name
left join (
  -- the column within whose rows the value is unique, by other unique indexes or by its name
  select distinct on (c.relation) c.relation, c.attnum, c.name, c.quoted, i.is_used
  from table_column as c
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  left join implied_foreign_key as m on m.relation = c.relation and m.attnum = c.attnum
  cross join lateral (
    select c.words && array[
        'tenant', 'realm', 'provider', 'platform', 'language', 'lang', 'locale', 'source', 'environment', 'network', 'app'
      ]
      or (o.is_reference or m.relation is not null) and c.words && array[
        'org', 'organization', 'organisation', 'company', 'workspace', 'team', 'project', 'site', 'shop', 'store',
        'account', 'client', 'application', 'instance', 'domain', 'group', 'merchant', 'vendor', 'partner', 'country',
        'region', 'system', 'chain', 'school', 'branch', 'year', 'season', 'period', 'catalog', 'brand', 'supplier',
        'manufacturer'
      ] as is_so
  ) as n
  left join (
    select distinct x.relation, u.attnum
    from table_index as x
    cross join lateral unnest(x.attnums) as u (attnum)
    where x.is_unique and x.is_valid and not x.is_primary and cardinality(x.attnums) > 1
  ) as x on x.relation = c.relation and x.attnum = c.attnum
  cross join lateral (select x.relation is not null and c.is_not_null as is_used) as i
  where not o.is_audit
    and (not o.is_key or o.is_reference)
    and (
      n.is_so
      or i.is_used and (o.is_reference or m.relation is not null)
      -- a reference that each row has: what has an owner may be unique for each
      or (o.is_reference or m.is_certain) and c.is_not_null
    )
    and c.family in ('text', 'enum', 'integer', 'uuid')
  order by c.relation, i.is_used desc, n.is_so desc, (o.is_reference or m.relation is not null) desc, c.attnum
) as g on g.relation = c.relation and g.attnum <> c.attnum
cross join lateral (
  select r.rows * (1 - p.null_frac) as values,
    round((case when p.n_distinct < 0 then - p.n_distinct * r.rows else p.n_distinct end)::numeric) as distincts
) as e
cross join lateral (
  -- an empty text is not a value
  select c.family = 'text' as is_text,
    case when c.family = 'text' then format('nullif(t.%s, '''')', c.quoted) else 't.' || c.quoted end as value,
    format('%s <> ''''', c.quoted) as is_not_empty, d.quoted || ' is null' as is_not_deleted,
    concat_ws(', ', g.quoted, c.quoted) as columns,
    format('create unique index concurrently on %s (%s)', r.quoted, concat_ws(', ', g.quoted, c.quoted)) as create_index
) as u
cross join lateral (
  select concat_ws(
      ' and ', case when u.is_text then u.is_not_empty else c.quoted || ' is not null' end, u.is_not_deleted
    ) as condition
) as w
cross join lateral (
  -- a slug or a code may be unique within a tree, a shop or a year only, which no column need say
  select not r.is_partitioned and case
    when g.quoted is not null then g.is_used
    else k.word in ('email', 'username', 'login', 'guid', 'rowguid', 'gid', 'uuid', 'isbn', 'vin', 'ssn')
  end as is_clear
) as h
cross join (select '(select count(*) from (select distinct %s from %s where %s is not null) as d)' as different) as n
where not exists (
  select
  from table_index as g
  where g.relation = c.relation
    and g.is_valid
    and (g.is_unique or g.has_constraint)
    and (
      c.attnum = any(g.attnums)
      -- in an expression, as in lower(email)
      or g.has_expressions
        and exists (
          select
          from pg_depend as d
          where d.classid = 'pg_class'::regclass and d.objid = g.oid
            and d.refclassid = 'pg_class'::regclass and d.refobjid = c.relation and d.refobjsubid = c.attnum
        )
    )
)
order by c.object
