-- title: Partition differs from its siblings
-- severity: warning
-- key: object
-- why: Rows are checked and found by rules that depend on the day they came in: in this partition, references may lead
--   nowhere, or a question that takes no time elsewhere reads everything.
with part as (
  select i.inhparent as parent, c.oid, c.relname as name, h.prefix || c.relname as object, c.relkind = 'p' as is_partitioned,
    format('%I.%I', h.name, c.relname) as named, q.object as parent_object,
    count(*) over (partition by i.inhparent) as siblings
  from pg_inherits as i
  join pg_class as c on c.oid = i.inhrelid and c.relkind in ('r', 'p')
  join home as h on h.oid = c.relnamespace
  join (
    select p.oid, k.prefix || p.relname as object, p.relispartition, p.relkind
    from pg_class as p
    join home as k on k.oid = p.relnamespace
  ) as q on q.oid = i.inhparent
  where not exists (
    select
    from pg_depend as d
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
  )
),
-- what each has, in words in which two of the same read the same
trim as (
  select p.parent, p.oid, 'foreign key' as kind, w.written, '' as extra, b.written as broken
  from part as p
  join pg_constraint as k on k.conrelid = p.oid and k.contype = 'f'
  join pg_class as t on t.oid = k.confrelid and not t.relispartition
  join breach as b on b.oid = k.oid
  cross join lateral (select regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') as written) as w
  union
  select p.parent, p.oid, 'index', w.written, u.extra, null
  from part as p
  join pg_index as i on i.indrelid = p.oid and i.indisvalid and i.indisready
  cross join lateral (
    select regexp_replace(substring(pg_get_indexdef(i.indexrelid) from ' (USING .*)$'), ' WITH \([^)]*\)', '') as written
  ) as w
  -- a unique one does what another does, and more
  cross join lateral (select '' as extra union all select 'unique ' where i.indisunique) as u
),
usual as (
  select t.parent, t.kind, t.written, t.extra, count(*) as owners, min(t.broken) as broken
  from trim as t
  group by t.parent, t.kind, t.written, t.extra
),
lacking as (
  select p.oid, p.object, p.named, p.name, p.parent_object, p.is_partitioned, u.kind, u.written, u.extra, u.owners, p.siblings,
    u.broken
  from part as p
  join usual as u on u.parent = p.parent
  where p.siblings >= 3
    and u.owners * 2 > p.siblings - 1
    and not exists (
      select
      from trim as t
      where t.oid = p.oid and t.kind = u.kind and t.written = u.written and t.extra = u.extra
    )
)
select d.object,
  format(
    '%s lacks what most partitions of %s have: %s', d.object, d.parent_object,
    string_agg(d.extra || d.kind || ' ' || regexp_replace(d.written, '^(FOREIGN KEY|USING) ', ''), ', ' order by d.kind, d.written)
  ) as message,
  jsonb_build_object('partition of', d.parent_object)
  || jsonb_object_agg(
    d.extra || d.kind || ' ' || regexp_replace(d.written, '^(FOREIGN KEY|USING) ', ''),
    format('%s of %s partitions', d.owners, d.siblings)
  ) as evidence,
  string_agg(concat_ws(E';\n', m.added, m.validated), E';\n' order by d.kind, d.written) as suggestion,
  'statement' as remedy,
  jsonb_build_array(jsonb_build_object(
    'where', array['rows that lead nowhere'],
    'remedy', case when d.is_partitioned then 'redesign' else 'statement' end,
    'suggestion', E'-- some rows lead nowhere\n' || string_agg(
      coalesce(format(E'-- once they are corrected: %s\n', m.validated), '') || m.added, E';\n' order by d.kind, d.written
    )
  )) as instead,
  case
    when count(d.broken) > 0 then jsonb_build_object(
      'from', d.named || ' as t',
      'rows that lead nowhere', format('count(*) filter (where %s)', string_agg(d.broken, ' or ' order by d.written))
    )
  end as probe
from lacking as d
cross join lateral (
  select left(d.name || '_' || replace(substring(d.written from 'FOREIGN KEY \(([^)]*)\)'), ', ', '_'), 58) || '_fkey' as name
) as f
cross join lateral (
  select case
      when d.kind = 'index' then format(
        'create %sindex %son %s %s', d.extra, case when d.is_partitioned then '' else 'concurrently ' end, d.named, d.written
      )
      when d.is_partitioned then format('alter table %s add %s', d.named, d.written)
      else format('alter table %s add constraint %I %s not valid', d.named, f.name, d.written)
    end as added,
    case
      when d.kind <> 'index' and not d.is_partitioned then format('alter table %s validate constraint %I', d.named, f.name)
    end as validated
) as m
where not (
  d.extra = ''
  and exists (
    select from lacking as e where e.oid = d.oid and e.kind = d.kind and e.written = d.written and e.extra <> ''
  )
)
group by d.oid, d.object, d.parent_object, d.named, d.is_partitioned
order by d.object
