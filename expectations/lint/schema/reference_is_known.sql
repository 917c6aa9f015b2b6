-- title: References to an unknown table
-- severity: info
-- key: object
-- why: The name says that the column holds keys, but no foreign key and no table's name says of what. Nothing protects
--   the referenced rows, and joins are guesses.
select r.schema as object,
  format(
    '%s %s of schema %s %s, but no foreign key or table name says of what: %s%s', count(*),
    case when count(*) = 1 then 'column' else 'columns' end, r.schema,
    case when count(*) = 1 then 'seems to hold keys' else 'seem to hold keys' end,
    array_to_string((array_agg(c.object order by c.object))[:5], ', '),
    case when count(*) > 5 then format(' and %s more', count(*) - 5) else '' end
  ) as message,
  jsonb_build_object('columns', jsonb_agg(c.object order by c.object)) as evidence,
  'of which table does each of them hold keys? Add foreign keys, or say in a comment on the column why there is none'
    as suggestion,
  'redesign' as remedy
from table_column as c
join relation as r on r.oid = c.relation
join column_role as o on o.relation = c.relation and o.attnum = c.attnum
where (
    c.family in ('integer', 'uuid') and c.last_word = 'id' and cardinality(c.words) > 1
    or c.family = 'uuid' and c.last_word in ('uuid', 'guid') and cardinality(c.words) > 1
    or c.family in ('integer', 'uuid') and c.last_word = 'by' and c.words[1] not in ('order', 'sort', 'group', 'by')
    or c.family in ('_int4', '_int8', '_uuid') and c.last_word = 'ids'
  )
  and c.comment is null
  and not c.is_generated
  and not c.is_inherited
  and not c.is_identity
  and not r.is_log
  and not o.is_key
  and not o.is_reference
  and coalesce(c.default_expression, '') !~* '(nextval|uuid\w*\()'
  and (c.relation, c.attnum) not in (select k.relation, k.attnum from implied_foreign_key as k)
  and not c.words && array[
    'external', 'provider', 'session', 'request', 'trace', 'span', 'batch', 'transaction', 'tx', 'sequential', 'legacy',
    'remote', 'correlation', 'stripe', 'paypal', 'google', 'facebook', 'github', 'gitlab', 'twitter', 'discord', 'slack',
    'apple', 'microsoft', 'shopify', 'device', 'process', 'thread', 'job', 'national', 'tax', 'passport', 'cursor', 'last',
    'next', 'max', 'min', 'idempotency', 'old', 'original', 'osm', 'wikidata', 'row', 'uid'
  ]
  -- polymorphic reference: a column beside it names the table
  and not exists (
    select
    from table_column as b
    where b.relation = c.relation and b.last_word in ('type', 'kind', 'table')
      and b.words[:cardinality(b.words) - 1] = c.words[:cardinality(c.words) - 1]
  )
  and not exists (
    select from table_index as g where g.relation = c.relation and g.is_unique and g.attnums = array[c.attnum]
  )
group by r.schema
order by 1
