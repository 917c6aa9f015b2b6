-- title: Invalid index
-- severity: critical
-- key: object
-- why: A failed CREATE INDEX CONCURRENTLY left the index behind. Writes update it and queries ignore it. A unique one
--   does not enforce uniqueness.
with recursive member (root, oid) as (
  select r.oid, r.oid from relation as r
  union
  select m.root, i.inhrelid from member as m join pg_inherits as i on i.inhparent = m.oid
)
select h.prefix || x.relname as object,
  case
    when x.relkind = 'I' then format(
      'index %s on table %s is not valid: %s of %s %s %s an attached index', h.prefix || x.relname, r.object,
      w.lacking, w.partitions, case when w.partitions = 1 then 'partition' else 'partitions' end,
      case when w.lacking = 1 then 'lacks' else 'lack' end
    )
    else format(
      'index %s on %s is not valid: queries ignore it, writes update it', h.prefix || x.relname,
      case
        when m.oid = r.oid then format('table %s', r.object)
        else format('partition %s of table %s', c.relname, r.object)
      end
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
        E'create index concurrently %1$I on %2$s%3$s;\nalter index %4$I.%5$I attach partition %6$I.%1$I', p.new_name,
        p.quoted,
        substring(pg_get_indexdef(i.indexrelid) from ' USING .*'), h.name, x.relname, p.schema
      ),
      E';\n' order by p.quoted
    ) filter (where not p.has_it) as create_statements
  from (
    select format('%I.%I', n.nspname, k.relname) as quoted, n.nspname as schema, k.relkind = 'p' as is_parent,
      left(k.relname, 30) || '_' || left(x.relname, 30) as new_name,
      exists (
        select
        from pg_inherits as a
        join pg_index as b on b.indexrelid = a.inhrelid
        where a.inhparent = i.indexrelid and b.indrelid = k.oid
      ) as has_it
    from pg_inherits as d
    join pg_class as k on k.oid = d.inhrelid
    join pg_namespace as n on n.oid = k.relnamespace
    where d.inhparent = m.oid
  ) as p
) as w on x.relkind = 'I'
where not (i.indisvalid and i.indisready)
  -- an index that is being built is not a leftover
  and not exists (select from pg_stat_progress_create_index as p where p.relid = m.oid and p.datname = current_database())
order by 1
