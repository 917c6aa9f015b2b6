-- The catalogue that the schema rules read: a WITH list that stands before the rules' statements.
--
-- audited_schema        schemas
-- inheritance           partitions, at any depth
-- domain_base_type      base types of domains
-- relation              tables, without partitions
-- table_column          their columns, with base types for domains
-- foreign_key           foreign keys
-- table_constraint      primary keys, unique, check and exclusion constraints, and checks of domains
-- table_index           indexes
-- column_role           per column: part of the primary key or of a foreign key, audit column, calendar day, money
-- status_column         columns that hold a status or a type
-- sample                per table: the FROM item that a probe reads
-- member                tables and their partitions
-- table_alias           names that columns use for a table: "order" for the table orders
-- leaf_partition        partitions that hold rows
-- partition_column      their columns, each with the column of the parent table
-- column_sequence       sequences that number columns
-- key_column            per table: the primary key column that other tables reference
-- implied_foreign_key   columns that reference another table's key by their name, without a foreign key
-- implied_composite_key keys of several columns whose columns another table has, without a foreign key
-- violation_predicate   per constraint that rows may violate: the condition for a violating row
-- table_kind            per table: lookup table, junction table
--
-- Columns with the same name mean the same in each of them:
-- relation, target      a table's oid
-- attnum, attnums       column numbers as in pg_attribute, of `relation`
-- object                name in findings: without the schema, if that is the audited one
-- quoted                name for SQL statements: with the schema, for tables and indexes, and quoted
-- words, last_word      the name's words in small letters: {order,line} for OrderLine and order_line

-- One row per schema, except those of the system, of extensions and of migration tools. `prefix` is the schema's name
-- and a dot in front of objects' names, empty for the first schema of the search path.
audited_schema as materialized (
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
-- One row per partitioned table (`root`) and partition (`oid`), at any depth. A child by INHERITS is a table of its own:
-- its keys, foreign keys and indexes are not those of its parent.
inheritance as materialized (
  with recursive below (root, oid) as (
    select i.inhparent, i.inhrelid
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid and c.relispartition
    union
    select b.root, i.inhrelid
    from below as b
    join pg_inherits as i on i.inhparent = b.oid
  )
  select root, oid
  from below
),
-- One row per domain (`oid`): the type at the end of a chain of domains (`base_type`), and its modifier (`typmod`, -1
-- for none).
domain_base_type as materialized (
  with recursive under (oid, base_type, typmod) as (
    select d.oid, d.typbasetype, d.typtypmod
    from pg_type as d
    where d.typtype = 'd'
    union all
    select u.oid, d.typbasetype, case when u.typmod = -1 then d.typtypmod else u.typmod end
    from under as u
    join pg_type as d on d.oid = u.base_type and d.typtype = 'd'
  )
  select u.oid, u.base_type, u.typmod
  from under as u
  join pg_type as t on t.oid = u.base_type and t.typtype <> 'd'
),
-- One row per table (ordinary or partitioned), except partitions, temporary tables, and tables of extensions and
-- migration tools. `rows` is an estimate from statistics that includes partitions; `descendants` is their number,
-- `partition_noun` the word for it in messages. `has_children` means that other tables inherit from it, `is_child` that it
-- does from another. By its name, `has_parties` holds persons or accounts, `is_log` is a log, history, queue, archive or
-- the like, and `is_ledger` has entries that may be negative.
relation as materialized (
  select c.oid, c.relname as name, h.oid as schema_oid, h.name as schema, h.prefix || c.relname as object,
    format('%I.%I', h.name, c.relname) as quoted,
    c.relkind = 'p' as is_partitioned,
    greatest(c.reltuples, coalesce(below.rows, 0), 0) as rows,
    coalesce(below.relations, 0) as descendants,
    case when below.relations = 1 then 'partition' else 'partitions' end as partition_noun,
    w.words, w.words[cardinality(w.words)] as last_word,
    e.description as comment,
    c.relkind = 'r' and exists (select from pg_inherits as i where i.inhparent = c.oid) as has_children,
    exists (select from pg_inherits as i where i.inhrelid = c.oid) as is_child,
    w.words[cardinality(w.words)] ~ (
      '^(user|account|customer|staff|employee|member|subscriber|contact|client|person|admin|administrator|author|student'
      '|player|borrower|reader|guest|driver|tutor|attendee|applicant|candidate|resident|passenger|visitor|volunteer'
      '|teacher|patient|supplier|vendor|participant|buyer|seller|merchant|owner|agent|operator|tenant|partner|donor)s?$'
    )
    or w.words[cardinality(w.words)] in ('people', 'login', 'logins') as has_parties,
    w.words && array[
      'ledger', 'ledgers', 'entry', 'entries', 'transaction', 'transactions', 'trans', 'journal', 'journals', 'posting',
      'postings', 'movement', 'movements', 'adjustment', 'adjustments', 'checkpoint', 'checkpoints', 'allocation',
      'allocations', 'budget', 'budgets'
    ] as is_ledger,
    w.words[cardinality(w.words)] in (
      'log', 'logs', 'event', 'events', 'history', 'histories', 'audit', 'audits', 'version', 'versions', 'archive',
      'archives', 'archived', 'snapshot', 'snapshots', 'staging', 'import', 'raw', 'cache', 'queue', 'backup', 'bak',
      'deleted', 'trash', 'tombstone', 'tombstones'
    )
    or w.words[1] in ('deleted', 'archived', 'archive', 'audit')
    or cardinality(w.words) = 1
      and c.relname ~* (
        '(history|archive|audit|snapshot|staging|events'
        '|(access|activity|audit|change|error|event|login|mail|message|request|system|transaction)logs?)$'
      ) as is_log
  from pg_class as c
  join audited_schema as h on h.oid = c.relnamespace
  left join (
    select d.root, count(*) as relations, sum(greatest(p.reltuples, 0)) as rows
    from inheritance as d
    join pg_class as p on p.oid = d.oid
    group by d.root
  ) as below on below.root = c.oid
  left join pg_description as e on e.classoid = 'pg_class'::regclass and e.objoid = c.oid and e.objsubid = 0
  cross join lateral (
    select case when s.words = '' then array[lower(c.relname)] else string_to_array(s.words, '_') end as words
    from (
      -- words end at ASCII characters other than letters and digits, and before a capital letter after a small one
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
    and not exists (
      select
      from pg_depend as d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
    -- tables of migration tools
    and c.relname not in (
      'schema_migrations', 'schema_migration', 'ar_internal_metadata', 'flyway_schema_history', 'schema_version',
      'alembic_version', 'django_migrations', 'knex_migrations', 'knex_migrations_lock', '__EFMigrationsHistory',
      'databasechangelog', 'databasechangeloglock', 'goose_db_version', '_prisma_migrations', 'pgmigrations',
      'typeorm_metadata', 'SequelizeMeta', 'gorp_migrations', 'phinxlog', 'doctrine_migration_versions',
      'atlas_schema_revisions', '_sqlx_migrations', '__diesel_schema_migrations', 'schema_info', '__drizzle_migrations'
    )
),
-- One row per column of a table in `relation`. For a domain, `type` and `typmod` are those of its base type, and
-- `declared_type` is the domain. `type_name` is the declared type as in SQL. `family` groups types: integer, float,
-- numeric, money, text, uuid, boolean, json, time, time of day, date, bit, enum, or the type's own name.
-- `default_expression` is SQL, null without a default. `words` leave out a prefix of one or two letters that most
-- columns of the table share; `all_words` keep it. `is_inherited`: the parent by INHERITS has it, too, so that its type
-- and its checks are judged there.
table_column as materialized (
  select c.*, w.words, w.words[cardinality(w.words)] as last_word
  from (
    select r.oid as relation, a.attnum as attnum, a.attname as name, r.object || '.' || a.attname as object,
      format('%I', a.attname) as quoted,
      a.attnotnull as is_not_null, a.attidentity <> '' as is_identity, a.attgenerated <> '' as is_generated,
      a.attinhcount > 0 as is_inherited,
      pg_get_expr(d.adbin, d.adrelid) as default_expression,
      t.oid as type, format_type(a.atttypid, a.atttypmod) as type_name,
      coalesce(b.typmod, a.atttypmod) as typmod,
      b.oid is not null as is_domain, a.atttypid as declared_type,
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
      e.description as comment, w.words as all_words,
      length(w.words[1]) < 3
        and w.words[1] not in ('is', 'id', regexp_replace(r.last_word, 's$', ''))
        and ' ' || array_to_string(r.words, ' ') like '% ' || left(w.words[1], 1) || '%'
        and cardinality(w.words) > 1
        and count(*) over (partition by r.oid, w.words[1]) > 2
        and count(*) over (partition by r.oid, w.words[1]) * 3 >= count(*) over (partition by r.oid) * 2 as is_prefixed
    from relation as r
    join pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join domain_base_type as b on b.oid = a.atttypid
    join pg_type as t on t.oid = coalesce(b.base_type, a.atttypid)
    left join pg_description as e on e.classoid = 'pg_class'::regclass and e.objoid = r.oid and e.objsubid = a.attnum
    cross join lateral (
      select case when s.words = '' then array[lower(a.attname)] else string_to_array(s.words, '_') end as words
      from (
        -- words end at ASCII characters other than letters and digits, and before a capital letter after a small one
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
  -- a shared prefix of one or two letters has no meaning
  cross join lateral (select case when c.is_prefixed then c.all_words[2:] else c.all_words end as words) as w
),
-- One row per foreign key of a table in `relation`. The columns `attnums` reference `target_attnums` of the table
-- `target`, in the same order. `on_delete` is a, r, c, n or d as in pg_constraint. `is_temporal`: the last column is a
-- PERIOD (PostgreSQL 18). NOT ENFORCED ones (18) count as absent.
foreign_key as materialized (
  select k.oid, k.conname as name, format('%I', k.conname) as quoted, k.conrelid as relation, k.conkey as attnums,
    k.confrelid as target, k.confkey as target_attnums, k.convalidated as is_validated,
    k.confdeltype::text as on_delete, coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false) as is_temporal
  from pg_constraint as k
  join relation as r on r.oid = k.conrelid
  where k.contype = 'f'
    and k.conparentid = 0
    and to_jsonb(k) ->> 'conenforced' is distinct from 'false'
),
-- One row per constraint other than foreign keys and NOT NULL: `kind` is p (primary key), u (unique), c (check) or x
-- (exclusion), `index_oid` the index behind it (0 for none), `definition` as in SQL. The check of a domain has a row
-- for each column of that domain. `is_temporal`: a key WITHOUT OVERLAPS (PostgreSQL 18), whose last column is a range.
-- NOT ENFORCED ones (18) count as absent.
table_constraint as materialized (
  select k.oid, k.conname as name, format('%I', k.conname) as quoted, k.contype::text as kind, k.conrelid as relation,
    k.conkey as attnums, k.convalidated as is_validated, k.conindid as index_oid, pg_get_constraintdef(k.oid) as definition,
    coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false) as is_temporal
  from pg_constraint as k
  join relation as r on r.oid = k.conrelid
  where k.contype in ('p', 'u', 'c', 'x')
    and to_jsonb(k) ->> 'conenforced' is distinct from 'false'
  union all
  -- a domain's check applies to each column of that domain
  select k.oid, k.conname, format('%I', k.conname), 'c', c.relation,
    array[c.attnum]::smallint[], k.convalidated, 0::oid, pg_get_constraintdef(k.oid), false
  from table_column as c
  join pg_constraint as k on k.contypid = c.declared_type and k.contype = 'c'
  where c.is_domain
),
-- One row per index of a table in `relation`. `attnums` are its key columns, without included ones; 0 is an
-- expression. `predicate` is the WHERE of a partial index, as SQL. `has_constraint` means that a primary key, unique
-- or exclusion constraint uses the index.
table_index as materialized (
  select i.indexrelid as oid, c.relname as name, format('%I.%I', r.schema, c.relname) as quoted, i.indrelid as relation,
    r.prefix_of || c.relname as object,
    (string_to_array(i.indkey::text, ' ')::smallint[])[1:i.indnkeyatts] as attnums,
    -- the index of a key WITHOUT OVERLAPS admits equal values at different times
    i.indisunique and not i.indisexclusion as is_unique, i.indisprimary as is_primary, i.indisvalid and i.indisready as is_valid,
    m.amname::text as method, i.indpred is not null as is_partial, pg_get_expr(i.indpred, i.indrelid) as predicate,
    i.indexprs is not null as has_expressions,
    exists (
      select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
    ) as has_constraint
  from pg_index as i
  join (select r.*, left(r.object, length(r.object) - length(r.name)) as prefix_of from relation as r) as r
    on r.oid = i.indrelid
  join pg_class as c on c.oid = i.indexrelid
  join pg_am as m on m.oid = c.relam
),
-- One row per column of `table_column`. `is_key`: part of the primary key. `is_reference`: part of a foreign key. The
-- others are judged by name: `is_audit` (time or author of a row's creation or change), `is_calendar_day` (birthdays,
-- due dates), `is_due`, `names_its_unit` (cents), `looks_like_money`.
column_role as materialized (
  select c.relation, c.attnum,
    (c.relation, c.attnum) in (
      select t.relation, unnest(t.attnums) from table_constraint as t where t.kind = 'p'
    ) as is_key,
    (c.relation, c.attnum) in (select f.relation, unnest(f.attnums) from foreign_key as f) as is_reference,
    -- time or author of a row's creation or change
    (
      c.words[1] in (
        'created', 'creation', 'updated', 'update', 'modified', 'modification', 'inserted', 'deleted', 'changed'
      )
      or c.words[1] = 'last' and c.words[2] in ('update', 'updated', 'modified', 'changed', 'edited')
      or c.words in (
        array['last', 'edit'], array['last', 'edit', 'date'], array['last', 'edit', 'at'], array['last', 'edit', 'time']
      )
      or c.name in ('rowguid', 'lock_version', 'xmin', 'row_version', 'date_created', 'date_modified', 'date_updated')
      or cardinality(c.words) = 1
        and c.name ~ '^(created|updated|modified|inserted|deleted|creation|last(update|edit))(at|on|by|date|time)?$'
    ) as is_audit,
    -- calendar days, except times of a row's creation or change
    (
      c.words && array['birth', 'birthday', 'birthdate', 'dob', 'hire', 'hired', 'due']
      or cardinality(c.words) = 1 and c.name ~* '^(dateof)?(birth|hire|due)(date|day)?$'
    )
    and not c.words && array['created', 'updated', 'reminded', 'notified', 'sent'] as is_calendar_day,
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
        or c.words in (array['net'], array['gross']) and c.family <> 'integer'
        or 'amount' = any(c.words) and c.words && array['cents', 'minor']
    end as looks_like_money
  from table_column as c
  left join lateral (
    -- the last word that does not name a unit; none for a column named net
    select w.word
    from unnest(c.words) with ordinality as w (word, n)
    where w.word not in ('cents', 'minor', 'usd', 'eur', 'gross', 'net')
    order by w.n desc
    limit 1
  ) as m on true
),
-- One row per column that holds a status (`is_status`) or a type, with the columns of `table_column`. Excluded are
-- states of a country, and unique columns, which belong to lookup tables.
status_column as materialized (
  select c.*, w.word in ('status', 'state', 'phase', 'stage') as is_status
  from table_column as c
  left join (
    select a.relation,
      count(*) filter (
        where a.last_word in (
          'address', 'address1', 'address2', 'addr', 'street', 'county', 'region', 'province', 'country', 'phone'
        )
        and not a.words && array['email', 'mail', 'ip', 'mac', 'web']
      ) > 1
      or bool_or(a.last_word in ('city', 'town', 'zip', 'zipcode', 'postcode') or 'postal' = any(a.words)) as is_on_map
    from table_column as a
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
        c.type = 1042 and c.typmod = 6
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
        and (c.relation, c.words[:cardinality(c.words) - 1]) not in (
          select b.relation, b.words[:cardinality(b.words) - 1]
          from table_column as b
          join column_role as o on o.relation = b.relation and o.attnum = b.attnum
          -- the table's own key is no reference
          where b.last_word in ('id', 'ids', 'uuid', 'gid', 'key')
            and not o.is_key
        )
      else false
    end
    and not exists (
      select
      from table_constraint as t
      where t.relation = c.relation and t.kind in ('p', 'u') and t.attnums = array[c.attnum]
    )
    and not exists (
      select
      from table_index as g
      where g.relation = c.relation and g.is_unique and not g.is_partial and g.attnums = array[c.attnum]
    )
),
-- One row per table: `source` is the FROM item that a probe reads, with the alias t. It is the whole table, or a
-- sample of about 50,000 rows if the table has more than a million (`is_sampled`). `rows` is the table's estimate, at
-- most a million.
sample as materialized (
  select r.oid as relation, r.rows > 1000000 as is_sampled, least(r.rows, 1000000) as rows,
    r.quoted || ' as t'
    || case
      when r.rows > 1000000 then format(' tablesample system (%s) repeatable (0)', round((5e6 / r.rows)::numeric, 6))
      else ''
    end as source
  from relation as r
),
-- One row per table and name for it in columns' names, without separators: the table's name and its singular.
table_alias as materialized (
  select distinct r.oid as relation, n.alias
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
    select t.head || t.tail as alias
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
  where n.alias <> ''
),
-- One row per table in `relation` (`root`) and itself or a partition of it (`oid`).
member as materialized (
  select r.oid as root, r.oid
  from relation as r
  union all
  select d.root, d.oid
  from inheritance as d
  join relation as r on r.oid = d.root
),
-- One row per partition (`oid`) that holds rows.
leaf_partition as materialized (
  select d.root as relation, d.oid
  from inheritance as d
  join relation as r on r.oid = d.root
  join pg_class as c on c.oid = d.oid
  where c.relkind = 'r'
),
-- One row per column of a leaf partition: `partition_attnum` is its number there, `attnum` that of the parent's column
-- with the same name.
partition_column as materialized (
  select a.relation, c.attnum, a.partition, a.partition_attnum
  from (
    select l.relation, l.oid as partition, a.attnum as partition_attnum, a.attname as name
    from leaf_partition as l
    join pg_attribute as a on a.attrelid = l.oid and a.attnum > 0 and not a.attisdropped
    -- prevents a join by the column's name alone, which would come first
    offset 0
  ) as a
  join table_column as c on c.relation = a.relation and c.name = a.name
),
-- One row per column and sequence (`sequence` is its oid) that numbers it, by a default or as an identity column.
column_sequence as materialized (
  select d.relation, d.attnum, d.sequence
  from (
    select c.relation, c.attnum, e.refobjid as sequence
    from table_column as c
    join pg_attrdef as a on a.adrelid = c.relation and a.adnum = c.attnum
    join pg_depend as e on e.objid = a.oid and e.classid = 'pg_attrdef'::regclass and e.refclassid = 'pg_class'::regclass
    where c.is_identity or c.default_expression ~ '^nextval\('
    union
    -- nextval of a text, for which pg_depend has no entry
    select c.relation, c.attnum, to_regclass(substring(c.default_expression from '^nextval\(+''([^'']+)''::text'))::oid
    from table_column as c
    where c.default_expression ~ '^nextval\('
    union
    select c.relation, c.attnum, e.objid
    from table_column as c
    join pg_depend as e on e.refobjid = c.relation and e.refobjsubid = c.attnum
    where c.is_identity
      and e.classid = 'pg_class'::regclass and e.refclassid = 'pg_class'::regclass and e.deptype = 'i'
  ) as d
  join pg_class as s on s.oid = d.sequence and s.relkind = 'S'
),
-- One row per table whose primary key has one column, apart from versions and partition keys. `is_whole`: it is the
-- whole primary key. `has_version`: the key also contains a version. `is_reference`: the column is part of a foreign
-- key.
key_column as materialized (
  select p.relation, c.attnum, c.name, c.words, c.last_word, c.family, c.type, p.is_whole, p.has_version, o.is_reference
  from (
    select t.relation, cardinality(t.attnums) = 1 as is_whole,
      bool_or(c.words && array['version', 'revision'] and cardinality(t.attnums) > 1) as has_version,
      array_agg(c.attnum) filter (
        where cardinality(t.attnums) = 1
          or not c.words && array['version', 'revision']
            and (t.relation, c.attnum) not in (
              select g.partrelid, unnest(string_to_array(g.partattrs::text, ' ')::smallint[]) from pg_partitioned_table as g
            )
      ) as attnums
    from table_constraint as t
    join table_column as c on c.relation = t.relation and c.attnum = any(t.attnums)
    where t.kind = 'p'
      and not t.is_temporal
    group by t.relation, t.attnums
  ) as p
  join table_column as c on c.relation = p.relation and c.attnum = p.attnums[1]
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  where cardinality(p.attnums) = 1
),
-- One row per column that references a key of another table by its name, but has no foreign key. `target_attnum` is
-- that key's column. `matched_by` says how the name matched: 1 the table's name and id ("order_id"), 2 the key's own
-- name, 3 the name of foreign keys elsewhere, 4 the last words of the name, 5 "parent", 6 the table's name alone, with
-- the key's exact type. `is_whole`: the column is the
-- target's whole primary key. `is_certain`: the match is exact enough for rules to treat it as a foreign key.
implied_foreign_key as materialized (
  with
  -- names of foreign key columns that always reference the same table (`target`), and how many tables use the name
  referencing_name as materialized (
    select lower(c.name) as name, count(distinct f.relation) filter (where cardinality(f.attnums) = 1) as tables,
      min(f.target) as target
    from foreign_key as f
    join table_column as c on c.relation = f.relation and c.attnum = any(f.attnums)
    group by lower(c.name)
    having count(distinct f.target) = 1
  ),
  -- columns whose names may reference a key: `stem` is the name without its suffix, `bare` the same without separators
  candidate as materialized (
    select c.relation, c.attnum, lower(c.name) as name, c.words, c.last_word, c.family, r.schema_oid, s.stem, s.bare,
      s.suffix,
      r.is_log, r.is_log or r.is_partitioned as is_loose,
      (c.relation, c.attnum) in (select p.relation, p.attnum from key_column as p where p.is_whole) as is_key,
      (c.relation, s.bare) in (select n.relation, n.alias from table_alias as n) as is_own
    from table_column as c
    join relation as r on r.oid = c.relation
    cross join lateral (
      select u.stem, u.suffix, coalesce(array_to_string(u.stem, ''), '') as bare
      from (
        select
          case
            when cardinality(c.words) > 1 then c.words[1:cardinality(c.words) - 1]
            -- a role before the table's name: ownercustomerid
            when b.bare ~ (b.role_pattern || '.') then regexp_match(b.bare, b.role_pattern || '(.+)$')
            else array[b.bare]
          end as stem,
          case
            when cardinality(c.words) > 1 then c.last_word
            else substring(c.words[1] from '.(id|ref|fk|code)$')
          end as suffix
        from (
          select substring(c.words[1] from '^(.+)(?:id|ref|fk|code)$') as bare,
            '^(owner|author|creator|editor|lasteditor|approver|reviewer|manager|supervisor|sender|recipient|parent|related|'
            'original|source|target|billto|shipto|soldto|billing|shipping|default|primary|previous|current|last)' as role_pattern
        ) as b
      ) as u
    ) as s
    where c.family in ('integer', 'uuid', 'text')
      and (
        s.suffix in ('id', 'ref', 'fk', 'code', 'uuid', 'guid', 'key')
        or lower(c.name) in (select lower(p.name) from key_column as p)
        or lower(c.name) in (select u.name from referencing_name as u)
        or (array_to_string(c.words, ''), c.declared_type, c.typmod) in (
          select n.alias, p.declared_type, p.typmod
          from key_column as k
          join table_alias as n on n.relation = k.relation
          join table_column as p on p.relation = k.relation and p.attnum = k.attnum
          where k.is_whole
        )
      )
      and (c.relation, c.attnum) not in (select o.relation, o.attnum from column_role as o where o.is_reference)
      and not c.is_identity
      and coalesce(c.default_expression, '') !~* '(nextval|uuid\w*\()'
      and not c.words && array[
        'external', 'provider', 'session', 'request', 'trace', 'batch', 'transaction', 'sequential', 'legacy', 'remote',
        'correlation', 'stripe', 'paypal', 'google', 'facebook', 'github', 'gitlab', 'twitter', 'discord', 'slack', 'apple',
        'microsoft', 'shopify'
      ]
      and not (
        cardinality(c.words) = 1
        and c.name ~* '(external|provider|session|request|trace|batch|transaction|sequential)'
      )
      -- polymorphic reference: a column beside it names the table
      and (c.relation, s.bare || 'type') not in (
        select b.relation, array_to_string(b.words, '') from table_column as b where b.last_word ~ 'type$'
      )
      -- all partitions have the foreign key, although the parent has none
      and (c.relation, c.attnum) not in (
        select w.relation, w.attnum
        from partition_column as w
        left join (
          select distinct k.conrelid, unnest(k.conkey) as attnum from pg_constraint as k where k.contype = 'f'
        ) as f on f.conrelid = w.partition and f.attnum = w.partition_attnum
        group by w.relation, w.attnum
        having bool_and(f.attnum is not null)
      )
  ),
  -- schemas whose tables a column may reference: its own, and those connected to it by a foreign key
  reachable_schema as materialized (
    select h.oid as schema_oid, h.oid as target_schema_oid
    from audited_schema as h
    union
    select u.schema_oid, u.target_schema_oid
    from foreign_key as f
    join relation as r on r.oid = f.relation
    join relation as t on t.oid = f.target
    cross join lateral (
      values (r.schema_oid, t.schema_oid), (t.schema_oid, r.schema_oid)
    ) as u (schema_oid, target_schema_oid)
  ),
  -- names by which columns reference a key: its table's name with a suffix (`kind`), or its own name
  key_name as materialized (
    select p.relation, r.schema_oid, p.family, s.kind, s.name
    from key_column as p
    join relation as r on r.oid = p.relation
    join table_alias as n on n.relation = p.relation
    cross join lateral (
      select 'id' as kind, n.alias as name
      union all
      select p.last_word, n.alias where p.last_word in ('code', 'uuid', 'guid', 'key')
    ) as s
    union all
    select p.relation, r.schema_oid, p.family, 'the table', n.alias
    from key_column as p
    join relation as r on r.oid = p.relation
    join table_alias as n on n.relation = p.relation
    where p.is_whole
    union all
    select p.relation, r.schema_oid, p.family, 'name', lower(p.name)
    from key_column as p
    join relation as r on r.oid = p.relation
    where not p.is_reference
      and (cardinality(p.words) > 1 or p.family <> 'text' or p.name ~* '(id|code|_cd|_no|_nr|_key)$')
      and lower(p.name) not in (
        'id', 'uuid', 'guid', 'gid', 'oid', 'code', 'key', 'name', 'no', 'nr', 'num', 'number', 'type', 'kind', 'status',
        'state', 'version', 'revision', 'position', 'rank', 'level', 'year', 'month', 'week', 'day', 'hour', 'seq',
        'sequence', 'value', 'period', 'size', 'height', 'length', 'line', 'index', 'idx', 'row', 'rownum', 'line_no',
        'line_number', 'valid', 'paid', 'slot', 'priority', 'sort', 'sort_order', 'count', 'amount', 'total'
      )
    union all
    select p.relation, r.schema_oid, p.family, 'words', array_to_string(p.words, ' ')
    from key_column as p
    join relation as r on r.oid = p.relation
    where not p.is_reference
      and cardinality(p.words) > 1
  ),
  -- names of keys that a column may reference: by its whole name, or without its first words
  name_interpretation as materialized (
    select c.relation, c.attnum, c.schema_oid, c.family,
      case when c.suffix in ('id', 'ref', 'fk') then 'id' else c.suffix end as kind, c.bare as name, 2 as rank,
      1 as matched_by
    from candidate as c
    union all
    select c.relation, c.attnum, c.schema_oid, c.family, 'name', c.name, 3, 2
    from candidate as c
    where not c.is_key
    union all
    select c.relation, c.attnum, c.schema_oid, c.family, 'the table', array_to_string(c.words, ''), 50, 6
    from candidate as c
    where not c.is_key
    union all
    select c.relation, c.attnum, c.schema_oid, c.family, s.kind, s.name, 3 + d.dropped, 4
    from candidate as c
    cross join lateral generate_series(1, cardinality(c.stem) - 1) as d (dropped)
    cross join lateral (
      values ('id', array_to_string(c.stem[d.dropped + 1:], '')), ('words', array_to_string(c.words[d.dropped + 1:], ' '))
    ) as s (kind, name)
    where c.suffix in ('id', 'ref', 'fk')
  ),
  -- the tables of those keys, for a schema; at most three, because a name with several targets is ambiguous
  interpreted_target as materialized (
    select m.*
    from (
      select k.schema_oid, k.kind, k.name, k.family, s.relation as target,
        row_number() over (partition by k.schema_oid, k.kind, k.name, k.family, s.schema_oid = k.schema_oid) as number
      from (
        select k.*, e.target_schema_oid
        from (
          select distinct k.schema_oid, k.kind, k.name, k.family
          from name_interpretation as k
          where (k.kind, k.name, k.family) in (select s.kind, s.name, s.family from key_name as s)
        ) as k
        join reachable_schema as e on e.schema_oid = k.schema_oid
        -- prevents a join by the name alone, which would come first: many schemas may contain it
        offset 0
      ) as k
      join key_name as s on s.schema_oid = k.target_schema_oid and s.kind = k.kind and s.name = k.name and s.family = k.family
    ) as m
    where m.number <= 3
  ),
  possible_target as materialized (
    select c.*, m.target, m.rank, m.matched_by
    from (
      select k.relation, k.attnum, m.target, k.rank, k.matched_by
      from name_interpretation as k
      join interpreted_target as m on m.schema_oid = k.schema_oid and m.kind = k.kind and m.name = k.name and m.family = k.family
      where k.matched_by <> 2 or m.target <> k.relation
      union
      select c.relation, c.attnum, u.target, 1, 3
      from candidate as c
      join referencing_name as u on u.name = c.name and u.tables >= 2
      union
      select c.relation, c.attnum, c.relation, 100, 5
      from candidate as c
      -- in a log it is what it was in the logged table
      where c.stem = array['parent'] and c.suffix in ('id', 'ref', 'fk') and not c.is_log
    ) as m
    join candidate as c on c.relation = m.relation and c.attnum = m.attnum
  ),
  ranked_target as (
    select m.relation, m.attnum, m.target, p.attnum as target_attnum, m.matched_by, m.rank, p.is_whole,
      m.matched_by <= 3
        and p.is_whole
        and not p.has_version
        and not m.is_loose
        and not t.is_partitioned as is_certain,
      count(*) over (partition by m.relation, m.attnum, m.rank, t.schema_oid = m.schema_oid) as choices,
      t.schema_oid = m.schema_oid as is_near
    from possible_target as m
    join key_column as p on p.relation = m.target and p.family = m.family
    join relation as t on t.oid = m.target
    where (
        t.schema_oid = m.schema_oid
        or (m.schema_oid, t.schema_oid) in (select e.schema_oid, e.target_schema_oid from reachable_schema as e)
      )
      and case
        when m.target = m.relation
        then (m.suffix in ('ref', 'fk') or m.words @> array['parent'] or m.stem @> array['parent'])
          and p.attnum <> m.attnum
        else not m.is_own
      end
      and (
        m.matched_by <> 6
        or (m.relation, m.attnum, m.target) in (
          select c.relation, c.attnum, k.relation
          from table_column as c
          join table_column as k on k.declared_type = c.declared_type and k.typmod = c.typmod
          where k.relation = m.target and k.attnum = p.attnum and c.relation = m.relation and c.attnum = m.attnum
        )
      )
  )
  select distinct on (f.relation, f.attnum) f.relation, f.attnum, f.target, f.target_attnum, f.matched_by, f.is_whole,
    f.is_certain
  from ranked_target as f
  where f.choices = 1
  order by f.relation, f.attnum, f.rank, f.is_near desc
),
-- One row per table and primary key of several columns in another table (`target`) whose columns it has by name, where
-- no foreign key holds them. The key has a column of its own: keys of references alone are those of junction tables.
implied_composite_key as materialized (
  with part as materialized (
    select t.relation as target, cardinality(t.attnums) as size, r.schema_oid, lower(c.name) as name, c.family,
      array_position(t.attnums, c.attnum) as position, c.attnum as target_attnum,
      o.is_reference or k.relation is not null as is_foreign
    from table_constraint as t
    join relation as r on r.oid = t.relation
    join table_column as c on c.relation = t.relation and c.attnum = any(t.attnums)
    join column_role as o on o.relation = c.relation and o.attnum = c.attnum
    left join implied_foreign_key as k on k.relation = c.relation and k.attnum = c.attnum and k.is_certain
    where t.kind = 'p'
      and not t.is_temporal
      and cardinality(t.attnums) > 1
      and not r.is_log
      and not r.is_partitioned
      and not r.has_children
  ),
  matched as materialized (
    select c.relation, p.target, array_agg(c.attnum order by p.position) as attnums,
      array_agg(p.target_attnum order by p.position) as target_attnums
    from part as p
    join (
      select c.relation, c.attnum, lower(c.name) as name, c.family, r.schema_oid
      from table_column as c
      join relation as r on r.oid = c.relation
      where c.name <> 'id'
        and lower(c.name) in (select p.name from part as p)
      -- prevents a join by the schema alone, which would come first
      offset 0
    ) as c on c.schema_oid = p.schema_oid and c.name = p.name and c.family = p.family
    where c.relation <> p.target
    group by c.relation, p.target, p.size
    having count(*) = p.size and not bool_and(p.is_foreign)
  )
  select m.*
  from matched as m
  -- with the same key, either could be the one that references
  where not exists (
      select
      from table_constraint as t
      where t.relation = m.relation and t.kind = 'p'
        and t.attnums operator(pg_catalog.@>) m.attnums and t.attnums operator(pg_catalog.<@) m.attnums
    )
    and not exists (
      select from foreign_key as f where f.relation = m.relation and f.attnums operator(pg_catalog.@>) m.attnums
    )
    -- a parent counts its children's rows in a column that is named as theirs
    and not exists (
      select
      from foreign_key as f
      where f.relation = m.target and f.target = m.relation and f.attnums operator(pg_catalog.<@) m.target_attnums
    )
    -- a longer key leads to this one
    and not exists (
      select
      from matched as w
      where w.relation = m.relation and cardinality(w.attnums) > cardinality(m.attnums)
        and w.attnums operator(pg_catalog.@>) m.attnums
    )
),
-- One row per constraint (`oid`) that is not validated, and per foreign key of a partition.
-- `predicate` is an SQL condition on a row with the alias t, true if the row violates it; `count_pattern` counts such rows
-- in a probe, as a format of the condition and of what the probe reads.
violation_predicate as (
  select k.oid,
    -- a scan of its own, joined with the referenced table, takes less than a look-up for each row
    case when k.contype = 'f' then '(select count(*) from %2$s where %1$s)' else 'count(*) filter (where %1$s)' end
      as count_pattern,
    case
      when k.contype = 'f' then format(
        '%s and not exists (select from %I.%I as p where %s)', p.all_present, n.nspname, c.relname, p.all_equal
      )
      when k.conbin is not null then format('not (%s)', pg_get_expr(k.conbin, k.conrelid))
      -- PostgreSQL 18 stores NOT NULL as a constraint
      else p.any_missing
    end as predicate
  from (
    select u.oid, string_agg(format('t.%I is not null', a.attname), ' and ' order by u.n) as all_present,
      string_agg(format('t.%I is null', a.attname), ' or ' order by u.n) as any_missing,
      string_agg(
        format('p.%I = t.%I', b.attname, a.attname), ' and ' order by u.n
      ) filter (where b.attname is not null) as all_equal
    from (
      select k.oid, k.conrelid, k.confrelid, unnest(k.conkey) as attnum, unnest(k.confkey) as target_attnum,
        generate_series(1, cardinality(k.conkey)) as n
      from pg_constraint as k
      where k.contype in ('c', 'f', 'n')
        and (not k.convalidated or k.contype = 'f' and k.conrelid in (select d.oid from inheritance as d))
    ) as u
    join pg_attribute as a on a.attrelid = u.conrelid and a.attnum = u.attnum
    left join pg_attribute as b on b.attrelid = u.confrelid and b.attnum = u.target_attnum
    group by u.oid
  ) as p
  join pg_constraint as k on k.oid = p.oid
  left join pg_class as c on c.oid = k.confrelid
  left join pg_namespace as n on n.oid = c.relnamespace
),
-- One row per table. `is_lookup`: a list of values with a name, which other tables reference. `is_junction`: its key
-- consists of references, and it has at most one column of its own.
table_kind as materialized (
  select r.oid as relation,
    (coalesce(p.is_referenced, false) or r.is_list and coalesce(p.is_implied_target, false))
      and not coalesce(p.references_others, false)
      and (
        bool_or(
          c.family = 'text'
          and (
            -- names of persons do not make a lookup
            c.last_word in ('name', 'title', 'label', 'code')
            and not c.words && array['first', 'last', 'middle', 'given', 'family', 'maiden']
            or (c.relation, array_to_string(c.words, '')) in (select n.relation, n.alias from table_alias as n)
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
    -- without foreign keys: the primary key consists of references
    (
      coalesce(p.foreign_keys, 0) >= 2
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
  join table_column as c on c.relation = r.oid
  join (
    select o.*, not o.is_key and not o.is_audit and not o.is_reference as is_own
    from column_role as o
  ) as o on o.relation = c.relation and o.attnum = c.attnum
  left join implied_foreign_key as k on k.relation = c.relation and k.attnum = c.attnum and k.is_certain
  left join (
    select e.relation, count(*) filter (where e.is_referencing and e.has_constraint) as foreign_keys,
      bool_or(e.is_referencing and e.other <> e.relation) as references_others,
      bool_or(not e.is_referencing and e.has_constraint and e.other <> e.relation) as is_referenced,
      bool_or(not e.is_referencing and not e.has_constraint and e.other <> e.relation) as is_implied_target
    from (
      select f.relation, f.target as other, true as is_referencing, true as has_constraint
      from foreign_key as f
      union all
      select f.target, f.relation, false, true
      from foreign_key as f
      where not f.is_temporal
      union all
      select k.relation, k.target, true, false
      from implied_foreign_key as k
      where k.is_certain
      union all
      select k.target, k.relation, false, false
      from implied_foreign_key as k
    ) as e
    group by e.relation
  ) as p on p.relation = r.oid
  group by r.oid, r.is_list, p.is_referenced, p.is_implied_target, p.references_others, p.foreign_keys
)
