-- title: Partition differs from its siblings
-- severity: warning
-- key: object
-- why: Rows of this partition are checked and indexed differently from rows of its siblings. References may lead to
--   missing rows, or a query that is fast elsewhere scans the whole partition.
with part as (
  select i.inhparent as parent, c.oid, c.relname as name, h.prefix || c.relname as object,
    c.relkind = 'p' as is_partitioned,
    format('%I.%I', h.name, c.relname) as quoted, q.object as parent_object,
    count(*) over (partition by i.inhparent) as siblings
  from pg_inherits as i
  join pg_class as c on c.oid = i.inhrelid and c.relkind in ('r', 'p') and c.relispartition
  join audited_schema as h on h.oid = c.relnamespace
  join (
    select p.oid, k.prefix || p.relname as object, p.relispartition, p.relkind
    from pg_class as p
    join audited_schema as k on k.oid = p.relnamespace
  ) as q on q.oid = i.inhparent
  where not exists (
    select
    from pg_depend as d
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
  )
),
-- foreign keys and indexes of each partition, with definitions that are equal for equal objects
partition_object as (
  select p.parent, p.oid, 'foreign key' as kind, w.definition, '' as uniqueness, b.predicate as violation
  from part as p
  join pg_constraint as k on k.conrelid = p.oid and k.contype = 'f'
  join pg_class as t on t.oid = k.confrelid and not t.relispartition
  join violation_predicate as b on b.oid = k.oid
  cross join lateral (select regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') as definition) as w
  union
  select p.parent, p.oid, 'index', w.definition, u.uniqueness, null
  from part as p
  join pg_index as i on i.indrelid = p.oid and i.indisvalid and i.indisready
  cross join lateral (
    select regexp_replace(substring(pg_get_indexdef(i.indexrelid) from ' (USING .*)$'), ' WITH \([^)]*\)', '') as definition
  ) as w
  -- a unique index also counts as an index that is not unique
  cross join lateral (select '' as uniqueness union all select 'unique ' where i.indisunique) as u
),
common_object as (
  select t.parent, t.kind, t.definition, t.uniqueness, count(*) as owners, min(t.violation) as violation
  from partition_object as t
  group by t.parent, t.kind, t.definition, t.uniqueness
),
missing_object as (
  select p.oid, p.object, p.quoted, p.name, p.parent_object, p.is_partitioned, u.kind, u.definition, u.uniqueness,
    u.owners, p.siblings,
    u.violation
  from part as p
  join common_object as u on u.parent = p.parent
  where p.siblings >= 3
    and u.owners * 2 > p.siblings - 1
    and not exists (
      select
      from partition_object as t
      where t.oid = p.oid and t.kind = u.kind and t.definition = u.definition and t.uniqueness = u.uniqueness
    )
)
select d.object,
  format(
    'partition %s of table %s lacks objects that most of its siblings have: %s', d.object, d.parent_object,
    string_agg(
      d.uniqueness || d.kind || ' ' || regexp_replace(d.definition, '^(FOREIGN KEY|USING) ', ''), ', ' order by d.kind,
      d.definition
    )
  ) as message,
  jsonb_build_object('partition of', d.parent_object)
  || jsonb_object_agg(
    d.uniqueness || d.kind || ' ' || regexp_replace(d.definition, '^(FOREIGN KEY|USING) ', ''),
    format('%s of %s partitions', d.owners, d.siblings)
  ) as evidence,
  string_agg(concat_ws(E';\n', m.add_statement, m.validate_statement), E';\n' order by d.kind, d.definition) as suggestion,
  'statement' as remedy,
  jsonb_build_array(jsonb_build_object(
    'where', array['values without a referenced row'],
    'remedy', case when d.is_partitioned then 'redesign' else 'statement' end,
    'comment', 'some values have no referenced row' || coalesce(
      '; after correcting them, run: ' || string_agg(m.validate_statement, E';\n' order by d.kind, d.definition), ''
    ),
    'suggestion', string_agg(m.add_statement, E';\n' order by d.kind, d.definition)
  )) as instead,
  case
    when count(d.violation) > 0 then jsonb_build_object(
      'from', d.quoted || ' as t',
      'values without a referenced row',
      format('count(*) filter (where %s)', string_agg(d.violation, ' or ' order by d.definition))
    )
  end as probe
from missing_object as d
cross join lateral (
  select left(
    d.name || '_' || replace(substring(d.definition from 'FOREIGN KEY \(([^)]*)\)'), ', ', '_'), 58
  ) || '_fkey' as name
) as f
cross join lateral (
  select case
      when d.kind = 'index' then format(
        'create %sindex %son %s %s', d.uniqueness, case when d.is_partitioned then '' else 'concurrently ' end, d.quoted,
        d.definition
      )
      when d.is_partitioned then format('alter table %s add %s', d.quoted, d.definition)
      else format('alter table %s add constraint %I %s not valid', d.quoted, f.name, d.definition)
    end as add_statement,
    case
      when d.kind <> 'index' and not d.is_partitioned then format('alter table %s validate constraint %I', d.quoted, f.name)
    end as validate_statement
) as m
where not (
  d.uniqueness = ''
  and exists (
    select
    from missing_object as e
    where e.oid = d.oid and e.kind = d.kind and e.definition = d.definition and e.uniqueness <> ''
  )
)
group by d.oid, d.object, d.parent_object, d.quoted, d.is_partitioned
order by d.object
