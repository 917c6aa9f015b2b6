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
      or r.last_word ~ (
        '^(user|account|customer|staff|employee|member|subscriber|contact|client|person|admin|administrator|author|student'
        '|teacher|patient|supplier|vendor|participant|buyer|seller|merchant|owner|agent|operator|tenant|partner|donor)s?$'
      )
      or r.last_word in ('people', 'login', 'logins')
    )
    and (c.relation, c.attnum) not in (select k.relation, k.attnum from implied_foreign_key as k)
    and c.relation not in (select x.relation from table_kind as x where x.is_junction)
)
select c.object,
  format(
    'no unique constraint protects %s: table %s may contain the same %s twice', c.object, r.object,
    replace(k.word, '_', ' ')
  ) as message,
  jsonb_strip_nulls(jsonb_build_object('type', c.type_name, 'distinct values by statistics', e.distincts)) as evidence,
  case
    when r.is_partitioned then format(
      'create a separate table with %s as its key: unique indexes do not span partitions', c.quoted
    )
    else u.create_index || coalesce(' where ' || u.is_not_deleted, '')
  end as suggestion,
  case when r.is_partitioned then 'redesign' else 'statement' end as remedy,
  case
    when r.is_partitioned then '[]'
    else jsonb_build_array(
      jsonb_build_object(
        'where', array['duplicates'], 'remedy', 'redesign',
        'comment', format(
          'run this when the query returns no rows: select %1$s from %2$s where %3$s group by %1$s having count(*) > 1',
          c.quoted, r.quoted, w.condition
        ),
        'suggestion', format('%s where %s', u.create_index, w.condition)
      ),
      jsonb_build_object(
        'where', array['empty texts'],
        'suggestion', u.create_index || ' where ' || concat_ws(' and ', u.is_not_empty, u.is_not_deleted)
      )
    )
  end as instead,
  jsonb_build_object(
    'from', s.source,
    case when s.is_sampled then 'sampled values' else 'values' end, format('count(%s)', u.value),
    'duplicates', format('count(%1$s) - count(distinct %1$s)', u.value),
    'severity', case
      -- a sample contains few of the duplicates
      when s.is_sampled and e.distincts < 0.99 * e.values then '''info'''
      else format(
        'case when (count(%1$s) - count(distinct %1$s)) * 100 > count(%1$s) then ''info'' else ''warning'' end', u.value
      )
    end
  )
  || case
    when u.is_text then jsonb_build_object('empty texts', format('count(*) filter (where t.%s = '''')', c.quoted))
    else '{}'
  end as probe
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
cross join lateral (
  select r.rows * (1 - p.null_frac) as values,
    round((case when p.n_distinct < 0 then - p.n_distinct * r.rows else p.n_distinct end)::numeric) as distincts
) as e
cross join lateral (
  -- an empty text is not a value
  select c.family = 'text' as is_text,
    case when c.family = 'text' then format('nullif(t.%s, '''')', c.quoted) else 't.' || c.quoted end as value,
    format('%s <> ''''', c.quoted) as is_not_empty, d.quoted || ' is null' as is_not_deleted,
    format('create unique index concurrently on %s (%s)', r.quoted, c.quoted) as create_index
) as u
cross join lateral (
  select concat_ws(
      ' and ', case when u.is_text then u.is_not_empty else c.quoted || ' is not null' end, u.is_not_deleted
    ) as condition
) as w
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
