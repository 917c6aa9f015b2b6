-- title: Invalid index
-- severity: critical
-- key: object
-- why: A failed CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY left the index behind, or the index of a
--   partitioned table lacks that of a partition. Queries ignore it. A unique one may contain duplicates.
select h.prefix || x.relname as object,
  case
    when x.relkind = 'I' then format(
      'index %s on table %s is not valid: %s of %s %s %s an attached index', h.prefix || x.relname, r.object,
      w.lacking, w.partitions, case when w.partitions = 1 then 'partition' else 'partitions' end,
      case when w.lacking = 1 then 'lacks' else 'lack' end
    )
    else format(
      'index %s on %s is not valid: queries ignore it, writes %s it', h.prefix || x.relname,
      case
        when m.oid = r.oid then format('table %s', r.object)
        else format('partition %s of table %s', c.relname, r.object)
      end,
      -- a build that failed in its first pass, as at a duplicate, was not ready for writes
      case when i.indisready then 'update' else 'do not update' end
    )
  end as message,
  jsonb_strip_nulls(
    jsonb_build_object(
      'unique', i.indisunique, 'partitions', case when x.relkind = 'I' then format('%s of %s', w.lacking, w.partitions) end
    )
  ) as evidence,
  case
    when x.relkind = 'I' and (w.lacking = 0 or w.is_deep)
    then format(
      'create an index on each partition of %s with CREATE INDEX CONCURRENTLY, and attach it to %s', r.object, x.relname
    )
    when x.relkind = 'I' then w.create_statements
    -- a failed REINDEX CONCURRENTLY leaves a copy beside the index
    when x.relname ~ '_cc(new|old)[0-9]*$' then format('drop index concurrently %I.%I', h.name, x.relname)
    else format('reindex index concurrently %I.%I', h.name, x.relname)
  end as suggestion,
  case when x.relkind = 'I' and (w.lacking = 0 or w.is_deep) then 'redesign' else 'statement' end as remedy
from member as m
join relation as r on r.oid = m.root
join pg_class as c on c.oid = m.oid
join pg_index as i on i.indrelid = m.oid
join pg_class as x on x.oid = i.indexrelid
join audited_schema as h on h.oid = x.relnamespace
left join lateral (
  select count(*) as partitions, count(*) filter (where not p.has_it) as lacking,
    bool_or(not p.has_it and p.is_parent) as is_deep,
    string_agg(
      format(
        case when p.equal_name is null then E'create %7$sindex concurrently %1$I on %2$s%3$s;\n' else '' end
          || 'alter index %4$I.%5$I attach partition %6$I.%1$I',
        coalesce(p.equal_name, p.new_name), p.quoted, p.definition, h.name, x.relname, p.schema,
        case when i.indisunique then 'unique ' else '' end
      ),
      E';\n' order by p.quoted
    ) filter (where not p.has_it) as create_statements
  from (
    select format('%I.%I', n.nspname, k.relname) as quoted, n.nspname as schema, k.relkind = 'p' as is_parent,
      left(k.relname, 30) || '_' || left(x.relname, 30) as new_name, u.definition,
      -- an existing index that belongs to no other index
      (
        select min(e.relname)
        from pg_index as b
        join pg_class as e on e.oid = b.indexrelid
        where b.indrelid = k.oid and b.indisvalid and b.indisready and b.indisunique = i.indisunique
          and substring(pg_get_indexdef(b.indexrelid) from ' USING .*') = u.definition
          and not exists (select from pg_inherits as a where a.inhrelid = b.indexrelid)
      ) as equal_name,
      exists (
        select
        from pg_inherits as a
        join pg_index as b on b.indexrelid = a.inhrelid
        where a.inhparent = i.indexrelid and b.indrelid = k.oid
      ) as has_it
    from pg_inherits as d
    join pg_class as k on k.oid = d.inhrelid
    join pg_namespace as n on n.oid = k.relnamespace
    cross join lateral (select substring(pg_get_indexdef(i.indexrelid) from ' USING .*') as definition) as u
    where d.inhparent = m.oid
  ) as p
) as w on x.relkind = 'I'
where not (i.indisvalid and i.indisready)
  -- an index that is being built is not a leftover
  and not exists (select from pg_stat_progress_create_index as p where p.relid = m.oid and p.datname = current_database())
order by 1
