-- What the schema rules read: the database's own tables, as a WITH list that stands before each rule.
--
-- relation     tables, partitions and inheritance children left to their parents
-- col          their columns, with types seen through domains
-- reference    foreign keys
-- tie          primary keys, unique and check constraints, those of domains too
-- guide        indexes
-- role         per column: part of the primary key, of a foreign key, an audit column, money
-- state        columns that say where a row stands, or of what sort it is
-- sample       what a probe reads of a relation
-- noun         what a table is called in the columns of others
-- leaf         partitions and inheritance children, down to the last
-- twin         the columns of those, each with that of the table above them all
-- feed         the sequences that number columns
-- pivot        per relation: the column of its primary key that others would point at
-- kinship      columns that point at another table's key, but have no foreign key
-- breach       per constraint that rows may break, on partitions too: what is true of such a row, called t
-- trait        per relation: lookup, junction
--
-- `object` is a name as people read it, without the audited schema's; `named` is one that can stand in a statement.

home as materialized (
  select n.oid, n.nspname as name,
    case when n.nspname = current_schema() then '' else n.nspname || '.' end as prefix
  from pg_namespace as n
  where n.nspname !~ '^pg_'
    and n.nspname not in ('information_schema', 'sqitch', 'order_audit')
    and not exists (
      select
      from pg_depend as d
      where d.classid = 'pg_namespace'::regclass and d.objid = n.oid and d.deptype = 'e'
    )
),
-- what is below each parent, down to the last
descent as materialized (
  with recursive below (root, oid) as (
    select i.inhparent, i.inhrelid
    from pg_inherits as i
    union
    select b.root, i.inhrelid
    from below as b
    join pg_inherits as i on i.inhparent = b.oid
  )
  select root, oid
  from below
),
-- what lies under a domain, however many domains lie between
base as materialized (
  with recursive under (oid, base, modifier) as (
    select d.oid, d.typbasetype, d.typtypmod
    from pg_type as d
    where d.typtype = 'd'
    union all
    select u.oid, d.typbasetype, case when u.modifier = -1 then d.typtypmod else u.modifier end
    from under as u
    join pg_type as d on d.oid = u.base and d.typtype = 'd'
  )
  select u.oid, u.base, u.modifier
  from under as u
  join pg_type as t on t.oid = u.base and t.typtype <> 'd'
),
relation as materialized (
  select c.oid, c.relname as name, h.oid as home, h.name as schema, h.prefix || c.relname as object,
    format('%I.%I', h.name, c.relname) as named,
    c.relkind = 'p' as is_partitioned,
    greatest(c.reltuples, coalesce(below.rows, 0), 0) as rows,
    coalesce(below.relations, 0) as below,
    w.words, w.words[cardinality(w.words)] as last_word,
    e.description as comment,
    w.words[cardinality(w.words)] in (
      'log', 'logs', 'event', 'events', 'history', 'audit', 'version', 'versions', 'archive', 'snapshot', 'staging',
      'import', 'raw', 'cache', 'queue'
    )
    or cardinality(w.words) = 1
      and c.relname ~* (
        '(history|archive|audit|snapshot|staging|events'
        '|(access|activity|audit|change|error|event|login|mail|message|request|system|transaction)logs?)$'
      ) as is_log
  from pg_class as c
  join home as h on h.oid = c.relnamespace
  left join (
    select d.root, count(*) as relations, sum(greatest(p.reltuples, 0)) as rows
    from descent as d
    join pg_class as p on p.oid = d.oid
    group by d.root
  ) as below on below.root = c.oid
  left join pg_description as e on e.classoid = 'pg_class'::regclass and e.objoid = c.oid and e.objsubid = 0
  cross join lateral (
    select case when s.words = '' then array[lower(c.relname)] else string_to_array(s.words, '_') end as words
    from (
      -- an ASCII character that is no letter or digit parts words, and so does a capital letter after a small one
      select btrim(
        lower(
          regexp_replace(
            regexp_replace(c.relname, '([a-z0-9])([A-Z])', '\1_\2', 'g'), '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+', '_', 'g'
          )
        ),
        '_'
      ) as words
    ) as s
  ) as w
  where c.relkind in ('r', 'p')
    and c.relpersistence <> 't'
    and not c.relispartition
    and not exists (select from pg_inherits as i where i.inhrelid = c.oid)
    and not exists (
      select
      from pg_depend as d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
    -- the tables in which migration tools keep their books
    and c.relname not in (
      'schema_migrations', 'schema_migration', 'ar_internal_metadata', 'flyway_schema_history', 'schema_version',
      'alembic_version', 'django_migrations', 'knex_migrations', 'knex_migrations_lock', '__EFMigrationsHistory',
      'databasechangelog', 'databasechangeloglock', 'goose_db_version', '_prisma_migrations', 'pgmigrations',
      'typeorm_metadata', 'SequelizeMeta', 'gorp_migrations', 'phinxlog', 'doctrine_migration_versions',
      'atlas_schema_revisions', '_sqlx_migrations', '__diesel_schema_migrations', 'schema_info', '__drizzle_migrations'
    )
),
col as materialized (
  select c.*, w.words, w.words[cardinality(w.words)] as last_word
  from (
    select r.oid as relation, a.attnum as place, a.attname as name, r.object || '.' || a.attname as object,
      format('%I', a.attname) as named,
      a.attnotnull as is_not_null, a.attidentity <> '' as is_identity, a.attgenerated <> '' as is_generated,
      pg_get_expr(d.adbin, d.adrelid) as preset,
      t.oid as type, format_type(a.atttypid, a.atttypmod) as written,
      coalesce(b.modifier, a.atttypmod) as modifier,
      b.oid is not null as is_domain, a.atttypid as declared,
      case
        when t.oid in (20, 21, 23) then 'integer'
        when t.oid in (700, 701) then 'float'
        when t.oid = 1700 then 'numeric'
        when t.oid = 790 then 'money'
        when t.oid in (25, 1042, 1043) or t.typname = 'citext' then 'text'
        when t.oid = 2950 then 'uuid'
        when t.oid = 16 then 'boolean'
        when t.oid in (114, 3802) then 'json'
        when t.oid in (1114, 1184) then 'time'
        when t.oid in (1083, 1266) then 'time of day'
        when t.oid = 1082 then 'date'
        when t.oid in (1560, 1562) then 'bit'
        when t.typtype = 'e' then 'enum'
        else t.typname::text
      end as family,
      e.description as comment, w.words as spoken,
      length(w.words[1]) < 3
        and w.words[1] not in ('is', 'id', regexp_replace(r.last_word, 's$', ''))
        and ' ' || array_to_string(r.words, ' ') like '% ' || left(w.words[1], 1) || '%'
        and cardinality(w.words) > 1
        and count(*) over (partition by r.oid, w.words[1]) > 2
        and count(*) over (partition by r.oid, w.words[1]) * 3 >= count(*) over (partition by r.oid) * 2 as is_prefixed
    from relation as r
    join pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join base as b on b.oid = a.atttypid
    join pg_type as t on t.oid = coalesce(b.base, a.atttypid)
    left join pg_description as e on e.classoid = 'pg_class'::regclass and e.objoid = r.oid and e.objsubid = a.attnum
    cross join lateral (
      select case when s.words = '' then array[lower(a.attname)] else string_to_array(s.words, '_') end as words
      from (
        -- an ASCII character that is no letter or digit parts words, and so does a capital letter after a small one
        select btrim(
          lower(
            regexp_replace(
              regexp_replace(a.attname, '([a-z0-9])([A-Z])', '\1_\2', 'g'), '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+', '_', 'g'
            )
          ),
          '_'
        ) as words
      ) as s
    ) as w
  ) as c
  -- a letter or two for the table before each column's name say nothing
  cross join lateral (select case when c.is_prefixed then c.spoken[2:] else c.spoken end as words) as w
),
reference as materialized (
  select k.oid, k.conname as name, format('%I', k.conname) as named, k.conrelid as relation, k.conkey as places,
    k.confrelid as target, k.confkey as target_places, k.convalidated as is_validated
  from pg_constraint as k
  join relation as r on r.oid = k.conrelid
  where k.contype = 'f'
    and k.conparentid = 0
),
tie as materialized (
  select k.oid, k.conname as name, format('%I', k.conname) as named, k.contype::text as kind, k.conrelid as relation,
    k.conkey as places, k.convalidated as is_validated, k.conindid as guide, pg_get_constraintdef(k.oid) as written
  from pg_constraint as k
  join relation as r on r.oid = k.conrelid
  where k.contype in ('p', 'u', 'c', 'x')
  union all
  -- a domain's check ties each column of that domain
  select k.oid, k.conname, format('%I', k.conname), 'c', c.relation,
    array[c.place]::smallint[], k.convalidated, 0::oid, pg_get_constraintdef(k.oid)
  from col as c
  join pg_constraint as k on k.contypid = c.declared and k.contype = 'c'
  where c.is_domain
),
guide as materialized (
  select i.indexrelid as oid, c.relname as name, format('%I.%I', r.schema, c.relname) as named, i.indrelid as relation,
    r.prefix_of || c.relname as object,
    -- zero stands for an expression
    (string_to_array(i.indkey::text, ' ')::smallint[])[1:i.indnkeyatts] as places,
    i.indisunique as is_unique, i.indisprimary as is_primary, i.indisvalid and i.indisready as is_valid,
    m.amname::text as method, i.indpred is not null as is_partial, pg_get_expr(i.indpred, i.indrelid) as predicate,
    i.indexprs is not null as has_expressions,
    exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')) as is_tied
  from pg_index as i
  join (select r.*, left(r.object, length(r.object) - length(r.name)) as prefix_of from relation as r) as r
    on r.oid = i.indrelid
  join pg_class as c on c.oid = i.indexrelid
  join pg_am as m on m.oid = c.relam
),
role as materialized (
  select c.relation, c.place,
    (c.relation, c.place) in (select t.relation, unnest(t.places) from tie as t where t.kind = 'p') as is_key,
    (c.relation, c.place) in (select f.relation, unnest(f.places) from reference as f) as is_reference,
    -- who made or changed a row, and when
    (
      c.words[1] in ('created', 'creation', 'updated', 'update', 'modified', 'modification', 'inserted', 'deleted', 'changed')
      or c.words[1] = 'last' and c.words[2] in ('update', 'updated', 'modified', 'changed', 'edited')
      or c.words in (array['last', 'edit'], array['last', 'edit', 'date'], array['last', 'edit', 'at'], array['last', 'edit', 'time'])
      or c.name in ('rowguid', 'lock_version', 'xmin', 'row_version', 'date_created', 'date_modified', 'date_updated')
      or cardinality(c.words) = 1
        and c.name ~ '^(created|updated|modified|inserted|deleted|creation|last(update|edit))(at|on|by|date|time)?$'
    ) as is_audit,
    -- days of the calendar, unless they are about who made or changed such a row, and when
    (
      c.words && array['birth', 'birthday', 'birthdate', 'dob', 'hire', 'hired', 'due']
      or cardinality(c.words) = 1 and c.name ~* '^(dateof)?(birth|hire|due)(date|day)?$'
    )
    and not c.words && array['created', 'updated', 'reminded', 'notified', 'sent'] as is_day,
    c.words && array['due'] or c.name ~* '^due(date|day)$' as is_due,
    c.words && array['cents', 'minor', 'micros'] as names_its_unit,
    c.family in ('integer', 'numeric', 'float', 'money') and case
      when c.family = 'integer' and m.word in ('credit', 'debit', 'tax', 'total', 'charge', 'payment')
      then c.words && array['cents', 'minor', 'amount']
      else coalesce(m.word, '') in (
          'balance', 'amount', 'amt', 'price', 'cost', 'fee', 'salary', 'wage', 'revenue', 'refund', 'budget', 'subtotal',
          'freight', 'payment', 'charge', 'credit', 'debit', 'tax', 'total', 'profit'
        )
        or cardinality(c.words) = 1
          and c.name ~* '(balance|amount|price|cost|salary|subtotal|revenue|freight)$'
    end as looks_like_money
  from col as c
  left join lateral (
    -- the last word that does not name the unit; of a column that is called net there is none
    select w.word
    from unnest(c.words) with ordinality as w (word, n)
    where w.word not in ('cents', 'minor', 'usd', 'eur', 'gross', 'net')
    order by w.n desc
    limit 1
  ) as m on true
),
state as materialized (
  -- columns that say where a row stands, or of what sort it is: states of a country are none, nor are the values of a
  -- list that is itself a table
  select c.*, w.word in ('status', 'state', 'phase', 'stage') as is_stage
  from col as c
  left join (
    select a.relation,
      count(*) filter (
        where a.last_word in (
          'address', 'address1', 'address2', 'addr', 'street', 'county', 'region', 'province', 'country', 'phone'
        )
        and not a.words && array['email', 'mail', 'ip', 'mac', 'web']
      ) > 1
      or bool_or(a.last_word in ('city', 'town', 'zip', 'zipcode', 'postcode') or 'postal' = any(a.words)) as is_on_map
    from col as a
    group by a.relation
  ) as m on m.relation = c.relation
  cross join lateral (
    select case when cardinality(c.words) = 1 and c.name ~* '[a-z]status$' then 'status' else c.last_word end as word
  ) as w
  where c.family in ('text', 'integer', 'enum')
    and not c.is_generated
    and not c.words && array['http', 'exit']
    and case
      when w.word = 'state' then not (
        c.type = 1042 and c.modifier = 6
        or c.words && array[
          'address', 'addr', 'billing', 'bill', 'shipping', 'ship', 'mailing', 'postal', 'home', 'residence',
          'residential', 'license', 'us'
        ]
        or m.is_on_map
      )
      when w.word in ('status', 'phase', 'stage') then true
      when w.word in ('type', 'kind', 'role', 'mode') then cardinality(c.words) > 1
        and not c.words && array[
          'content', 'mime', 'media', 'model', 'record', 'object', 'subject', 'resource', 'error', 'token', 'event',
          'webhook'
        ]
        and not exists (
          select
          from col as b
          where b.relation = c.relation
            and b.words[:cardinality(b.words) - 1] = c.words[:cardinality(c.words) - 1]
            and b.last_word in ('id', 'ids', 'uuid', 'gid', 'key')
        )
      else false
    end
    and not exists (
      select from tie as t where t.relation = c.relation and t.kind in ('p', 'u') and t.places = array[c.place]
    )
    and not exists (
      select
      from guide as g
      where g.relation = c.relation and g.is_unique and not g.is_partial and g.places = array[c.place]
    )
),
sample as materialized (
  -- what a probe reads of a relation, called t: all of it, or about 100,000 rows of a large one
  select r.oid as relation, r.rows > 1000000 as is_part, least(r.rows, 1000000) as rows,
    r.named || ' as t'
    || case
      when r.rows > 1000000 then format(' tablesample system (%s) repeatable (0)', round((1e7 / r.rows)::numeric, 6))
      else ''
    end as source
  from relation as r
),
-- what a table is called in the columns of others, run together: the singular, and the name as it is
noun as materialized (
  select distinct r.oid as relation, n.noun
  from relation as r
  cross join lateral (
    select array_to_string(w.words[1:cardinality(w.words) - 1], '') as head, w.words[cardinality(w.words)] as tail
    from (
      select case
        when cardinality(r.words) > 1 and r.words[1] in ('tbl', 'tb', 'dim') then r.words[2:]
        else r.words
      end as words
    ) as w
  ) as t
  cross join lateral (
    select t.head || t.tail as noun
    union all
    select t.head || regexp_replace(t.tail, 's$', '') where t.tail ~ '[^s]s$'
    union all
    select t.head || regexp_replace(t.tail, 'es$', '') where t.tail ~ '(s|sh|ch|x|z|o)es$'
    union all
    select t.head || regexp_replace(t.tail, 'ies$', 'y') where t.tail ~ '.ies$'
    union all
    select t.head || o.singular
    from (
      values ('people', 'person'), ('children', 'child'), ('men', 'man'), ('women', 'woman'), ('indices', 'index'),
        ('matrices', 'matrix'), ('criteria', 'criterion'), ('analyses', 'analysis'), ('quizzes', 'quiz')
    ) as o (plural, singular)
    where o.plural = t.tail
  ) as n
  where n.noun <> ''
),
-- what lies below a partitioned table or a parent of inheritance, down to the last
leaf as materialized (
  select d.root as relation, d.oid
  from descent as d
  join relation as r on r.oid = d.root
  join pg_class as c on c.oid = d.oid
  where c.relkind = 'r'
),
twin as materialized (
  select a.relation, c.place, a.leaf, a.leaf_place
  from (
    select l.relation, l.oid as leaf, a.attnum as leaf_place, a.attname as name
    from leaf as l
    join pg_attribute as a on a.attrelid = l.oid and a.attnum > 0 and not a.attisdropped
    -- a join by the name alone must not come first
    offset 0
  ) as a
  join col as c on c.relation = a.relation and c.name = a.name
),
-- the sequences that number columns: those that defaults call, and those that belong to identities
feed as materialized (
  select d.relation, d.place, d.sequence
  from (
    select c.relation, c.place, e.refobjid as sequence
    from col as c
    join pg_attrdef as a on a.adrelid = c.relation and a.adnum = c.place
    join pg_depend as e on e.objid = a.oid and e.classid = 'pg_attrdef'::regclass and e.refclassid = 'pg_class'::regclass
    where c.is_identity or c.preset ~ '^nextval\('
    union
    -- called by a name in text, which nothing depends on
    select c.relation, c.place, to_regclass(substring(c.preset from '^nextval\(+''([^'']+)''::text'))::oid
    from col as c
    where c.preset ~ '^nextval\('
    union
    select c.relation, c.place, e.objid
    from col as c
    join pg_depend as e on e.refobjid = c.relation and e.refobjsubid = c.place
    where c.is_identity
      and e.classid = 'pg_class'::regclass and e.refclassid = 'pg_class'::regclass and e.deptype = 'i'
  ) as d
  join pg_class as s on s.oid = d.sequence and s.relkind = 'S'
),
-- the one column that names a row, beside a version and what the table is partitioned by
pivot as materialized (
  select p.relation, c.place, c.name, c.words, c.last_word, c.family, c.type, p.is_whole, p.has_version, o.is_reference
  from (
    select t.relation, cardinality(t.places) = 1 as is_whole,
      bool_or(c.words && array['version', 'revision'] and cardinality(t.places) > 1) as has_version,
      array_agg(c.place) filter (
        where cardinality(t.places) = 1
          or not c.words && array['version', 'revision']
            and (t.relation, c.place) not in (
              select g.partrelid, unnest(string_to_array(g.partattrs::text, ' ')::smallint[]) from pg_partitioned_table as g
            )
      ) as places
    from tie as t
    join col as c on c.relation = t.relation and c.place = any(t.places)
    where t.kind = 'p'
    group by t.relation, t.places
  ) as p
  join col as c on c.relation = p.relation and c.place = p.places[1]
  join role as o on o.relation = c.relation and o.place = c.place
  where cardinality(p.places) = 1
),
-- columns that point at another table's key by all signs but a foreign key
kinship as materialized (
  with -- the columns of foreign keys by name, and where these lead
  usage as materialized (
    select lower(c.name) as name, count(distinct f.relation) filter (where cardinality(f.places) = 1) as tables,
      min(f.target) as target
    from reference as f
    join col as c on c.relation = f.relation and c.place = any(f.places)
    group by lower(c.name)
    having count(distinct f.target) = 1
  ),
  candidate as materialized (
    select c.relation, c.place, lower(c.name) as name, c.words, c.last_word, c.family, r.home, s.stem, s.bare, s.suffix,
      r.is_log or r.is_partitioned as is_loose,
      (c.relation, c.place) in (select p.relation, p.place from pivot as p where p.is_whole) as is_key,
      (c.relation, s.bare) in (select n.relation, n.noun from noun as n) as is_own
    from col as c
    join relation as r on r.oid = c.relation
    cross join lateral (
      select u.stem, u.suffix, coalesce(array_to_string(u.stem, ''), '') as bare
      from (
        select
          case
            when cardinality(c.words) > 1 then c.words[1:cardinality(c.words) - 1]
            -- who or which one it is, and of what
            when b.bare ~ (b.role || '.') then regexp_match(b.bare, b.role || '(.+)$')
            else array[b.bare]
          end as stem,
          case
            when cardinality(c.words) > 1 then c.last_word
            else substring(c.words[1] from '.(id|ref|fk|code)$')
          end as suffix
        from (
          select substring(c.words[1] from '^(.+)(?:id|ref|fk|code)$') as bare,
            '^(owner|author|creator|editor|lasteditor|approver|reviewer|manager|supervisor|sender|recipient|parent|related|'
            'original|source|target|billto|shipto|soldto|billing|shipping|default|primary|previous|current|last)' as role
        ) as b
      ) as u
    ) as s
    where c.family in ('integer', 'uuid', 'text')
      and (
        s.suffix in ('id', 'ref', 'fk', 'code', 'uuid', 'guid', 'key')
        or lower(c.name) in (select lower(p.name) from pivot as p)
        or lower(c.name) in (select u.name from usage as u)
      )
      and (c.relation, c.place) not in (select o.relation, o.place from role as o where o.is_reference)
      and not c.is_identity
      and coalesce(c.preset, '') !~* '(nextval|uuid\w*\()'
      and not c.words && array[
        'external', 'provider', 'session', 'request', 'trace', 'batch', 'transaction', 'sequential', 'legacy', 'remote',
        'correlation', 'stripe', 'paypal', 'google', 'facebook', 'github', 'gitlab', 'twitter', 'discord', 'slack', 'apple',
        'microsoft', 'shopify'
      ]
      and not (
        cardinality(c.words) = 1
        and c.name ~* '(external|provider|session|request|trace|batch|transaction|sequential)'
      )
      -- which table is meant stands in a column beside it
      and (c.relation, s.bare || 'type') not in (
        select b.relation, array_to_string(b.words, '') from col as b where b.last_word ~ 'type$'
      )
      -- the partitions have the foreign key, if their parent has not
      and (c.relation, c.place) not in (
        select w.relation, w.place
        from twin as w
        left join (
          select distinct k.conrelid, unnest(k.conkey) as place from pg_constraint as k where k.contype = 'f'
        ) as f on f.conrelid = w.leaf and f.place = w.leaf_place
        group by w.relation, w.place
        having bool_and(f.place is not null)
      )
  ),
  -- the schemas whose tables may be meant: those that have nothing to do with each other may well use the same names
  reach as materialized (
    select h.oid as home, h.oid as target_home
    from home as h
    union
    select u.home, u.target_home
    from reference as f
    join relation as r on r.oid = f.relation
    join relation as t on t.oid = f.target
    cross join lateral (values (r.home, t.home), (t.home, r.home)) as u (home, target_home)
  ),
  -- what a key is called by what points at it: by its table, or by its own name
  sign as materialized (
    select p.relation, r.home, p.family, s.kind, s.sign
    from pivot as p
    join relation as r on r.oid = p.relation
    join noun as n on n.relation = p.relation
    cross join lateral (
      select 'id' as kind, n.noun as sign
      union all
      select p.last_word, n.noun where p.last_word in ('code', 'uuid', 'guid', 'key')
    ) as s
    union all
    select p.relation, r.home, p.family, 'name', lower(p.name)
    from pivot as p
    join relation as r on r.oid = p.relation
    where not p.is_reference
      and (cardinality(p.words) > 1 or p.family <> 'text' or p.name ~* '(id|code)$')
      and lower(p.name) not in (
        'id', 'uuid', 'guid', 'gid', 'oid', 'code', 'key', 'name', 'no', 'nr', 'num', 'number', 'type', 'kind', 'status',
        'state', 'version', 'revision', 'position', 'rank', 'level', 'year', 'month', 'week', 'day', 'hour', 'seq',
        'sequence', 'value', 'size', 'height', 'length', 'line', 'index', 'idx', 'row', 'rownum', 'line_no',
        'line_number', 'valid', 'paid', 'slot', 'priority', 'sort', 'sort_order', 'count', 'amount', 'total'
      )
    union all
    select p.relation, r.home, p.family, 'words', array_to_string(p.words, ' ')
    from pivot as p
    join relation as r on r.oid = p.relation
    where not p.is_reference
      and cardinality(p.words) > 1
  ),
  -- what a column may mean by its name, or by what is left of that without its first words
  clue as materialized (
    select c.relation, c.place, c.home, c.family,
      case when c.suffix in ('id', 'ref', 'fk') then 'id' else c.suffix end as kind, c.bare as sign, 2 as rank, 1 as how
    from candidate as c
    union all
    select c.relation, c.place, c.home, c.family, 'name', c.name, 3, 2
    from candidate as c
    where not c.is_key
    union all
    select c.relation, c.place, c.home, c.family, s.kind, s.sign, 3 + d.dropped, 4
    from candidate as c
    cross join lateral generate_series(1, cardinality(c.stem) - 1) as d (dropped)
    cross join lateral (
      values ('id', array_to_string(c.stem[d.dropped + 1:], '')), ('words', array_to_string(c.words[d.dropped + 1:], ' '))
    ) as s (kind, sign)
    where c.suffix in ('id', 'ref', 'fk')
  ),
  -- which keys that is, seen from a schema; with three of them it is none, and more need not be known
  meant as materialized (
    select m.*
    from (
      select k.home, k.kind, k.sign, k.family, s.relation as target,
        row_number() over (partition by k.home, k.kind, k.sign, k.family, s.home = k.home) as turn
      from (
        select k.*, e.target_home
        from (
          select distinct k.home, k.kind, k.sign, k.family
          from clue as k
          where (k.kind, k.sign, k.family) in (select s.kind, s.sign, s.family from sign as s)
        ) as k
        join reach as e on e.home = k.home
        -- a join by the sign alone must not come first: it may be there in each of many schemas
        offset 0
      ) as k
      join sign as s on s.home = k.target_home and s.kind = k.kind and s.sign = k.sign and s.family = k.family
    ) as m
    where m.turn <= 3
  ),
  match as materialized (
    select c.*, m.target, m.rank, m.how
    from (
      select k.relation, k.place, m.target, k.rank, k.how
      from clue as k
      join meant as m on m.home = k.home and m.kind = k.kind and m.sign = k.sign and m.family = k.family
      where k.how <> 2 or m.target <> k.relation
      union
      select c.relation, c.place, u.target, 1, 3
      from candidate as c
      join usage as u on u.name = c.name and u.tables >= 2
      union
      select c.relation, c.place, c.relation, 100, 5
      from candidate as c
      where c.stem = array['parent'] and c.suffix in ('id', 'ref', 'fk')
    ) as m
    join candidate as c on c.relation = m.relation and c.place = m.place
  ),
  fitting as (
    select m.relation, m.place, m.target, p.place as target_place, m.how, m.rank, p.is_whole,
      m.how <= 3
        and p.is_whole
        and not p.has_version
        and not m.is_loose
        and not t.is_partitioned as is_certain,
      count(*) over (partition by m.relation, m.place, m.rank, t.home = m.home) as choices,
      t.home = m.home as is_near
    from match as m
    join pivot as p on p.relation = m.target and p.family = m.family
    join relation as t on t.oid = m.target
    where (t.home = m.home or (m.home, t.home) in (select e.home, e.target_home from reach as e))
      and case
        when m.target = m.relation
        then (m.suffix in ('ref', 'fk') or m.words @> array['parent'] or m.stem @> array['parent'])
          and p.place <> m.place
        else not m.is_own
      end
  )
  select distinct on (f.relation, f.place) f.relation, f.place, f.target, f.target_place, f.how, f.is_whole, f.is_certain
  from fitting as f
  where f.choices = 1
  order by f.relation, f.place, f.rank, f.is_near desc
),
breach as (
  select k.oid,
    case
      when k.contype = 'f' then format(
        '%s and not exists (select from %I.%I as p where %s)', p.present, n.nspname, c.relname, p.alike
      )
      when k.conbin is not null then format('not (%s)', pg_get_expr(k.conbin, k.conrelid))
      -- PostgreSQL 18 keeps NOT NULL as a constraint too
      else p.absent
    end as written
  from (
    select u.oid, string_agg(format('t.%I is not null', a.attname), ' and ' order by u.n) as present,
      string_agg(format('t.%I is null', a.attname), ' or ' order by u.n) as absent,
      string_agg(format('p.%I = t.%I', b.attname, a.attname), ' and ' order by u.n) filter (where b.attname is not null) as alike
    from (
      select k.oid, k.conrelid, k.confrelid, unnest(k.conkey) as place, unnest(k.confkey) as target_place,
        generate_series(1, cardinality(k.conkey)) as n
      from pg_constraint as k
      where k.contype in ('c', 'f', 'n')
        and (not k.convalidated or k.contype = 'f' and k.conrelid in (select d.oid from descent as d))
    ) as u
    join pg_attribute as a on a.attrelid = u.conrelid and a.attnum = u.place
    left join pg_attribute as b on b.attrelid = u.confrelid and b.attnum = u.target_place
    group by u.oid
  ) as p
  join pg_constraint as k on k.oid = p.oid
  left join pg_class as c on c.oid = k.confrelid
  left join pg_namespace as n on n.oid = c.relnamespace
),
trait as materialized (
  select r.oid as relation,
    (coalesce(p.is_pointed_at, false) or r.is_list and coalesce(p.is_meant, false))
      and not coalesce(p.points_elsewhere, false)
      and (
        bool_or(
          c.family = 'text'
          and (
            -- the names of persons make no list
            c.last_word in ('name', 'title', 'label', 'code')
            and not c.words && array['first', 'last', 'middle', 'given', 'family', 'maiden']
            or (c.relation, array_to_string(c.words, '')) in (select n.relation, n.noun from noun as n)
          )
        )
        or count(*) filter (where o.is_own) = 1
          and bool_or(o.is_own and c.family = 'text' and c.last_word in ('description', 'desc'))
      )
      and not bool_or(
        c.family in ('time', 'date') and not o.is_audit
        or c.last_word in ('email', 'phone') or o.looks_like_money
      )
      and count(*) filter (where o.is_own) <= case when r.is_list then 8 else 4 end as is_lookup,
    -- without a foreign key, a key that is made of references alone tells
    (
      coalesce(p.pointers, 0) >= 2
      or count(*) filter (where o.is_key) >= 2
        and bool_and(o.is_reference or k.relation is not null) filter (where o.is_key)
    )
      and count(*) filter (where not o.is_reference and k.relation is null and not o.is_audit) <= 1 as is_junction
  from (
    select r.oid,
      r.last_word ~ (
        '(types?|status(es)?|categor(y|ies)|methods?|units?|reasons?|countr(y|ies)|currenc(y|ies)|languages?)$'
      ) as is_list
    from relation as r
  ) as r
  join col as c on c.relation = r.oid
  join (
    select o.*, not o.is_key and not o.is_audit and not o.is_reference as is_own
    from role as o
  ) as o on o.relation = c.relation and o.place = c.place
  left join kinship as k on k.relation = c.relation and k.place = c.place and k.is_certain
  left join (
    select e.relation, count(*) filter (where e.is_from and e.is_tied) as pointers,
      bool_or(e.is_from and e.other <> e.relation) as points_elsewhere,
      bool_or(not e.is_from and e.is_tied and e.other <> e.relation) as is_pointed_at,
      bool_or(not e.is_from and not e.is_tied and e.other <> e.relation) as is_meant
    from (
      select f.relation, f.target as other, true as is_from, true as is_tied
      from reference as f
      union all
      select f.target, f.relation, false, true
      from reference as f
      union all
      select k.relation, k.target, true, false
      from kinship as k
      where k.is_certain
      union all
      select k.target, k.relation, false, false
      from kinship as k
    ) as e
    group by e.relation
  ) as p on p.relation = r.oid
  group by r.oid, r.is_list, p.is_pointed_at, p.is_meant, p.points_elsewhere, p.pointers
)
