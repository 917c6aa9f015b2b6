-- title: Table without a primary key
-- severity: critical
-- key: object
-- why: Unless a unique constraint does, nothing prevents duplicate rows or identifies a single one. Once the table is
--   published for logical replication, updates and deletes fail without a replica identity.
with table_without_key as (
  select r.*, format('%I', left(r.name, 58) || '_pkey') as quoted_key
  from relation as r
  where not exists (select from table_constraint as t where t.relation = r.oid and t.kind = 'p')
),
-- the smallest unique index on NOT NULL columns, without a predicate or expressions
usable_index as (
  select distinct on (u.relation) u.*
  from (
    select g.relation, g.name, g.oid, g.has_constraint, i.indisreplident as is_replica, count(*) as size,
      string_agg(c.quoted, ', ' order by p.n) as columns,
      -- a primary key cannot use an index with a sort order or operator class other than the default
      bool_and(i.indoption[p.n - 1] = 0 and o.opcdefault) as is_plain
    from table_index as g
    join table_without_key as r on r.oid = g.relation
    join pg_index as i on i.indexrelid = g.oid
    join table_column as c on c.relation = g.relation and c.attnum = any(g.attnums)
    cross join lateral (select array_position(g.attnums, c.attnum) as n) as p
    join pg_opclass as o on o.oid = i.indclass[p.n - 1]
    where g.is_unique and g.is_valid and not g.is_partial and not g.has_expressions
    group by g.relation, g.name, g.oid, g.has_constraint, i.indisreplident
    having bool_and(c.is_not_null)
  ) as u
  order by u.relation, u.has_constraint, u.size, u.name
),
-- the primary key of the table that a child inherits from: the child has its columns, but not the key
inherited_key as (
  select i.inhrelid as relation, string_agg(c.quoted, ', ' order by array_position(t.attnums, p.attnum)) as columns,
    array_agg(c.attnum) as attnums
  from pg_inherits as i
  join table_without_key as r on r.oid = i.inhrelid
  join table_constraint as t on t.relation = i.inhparent and t.kind = 'p' and not t.is_temporal
  join table_column as p on p.relation = t.relation and p.attnum = any(t.attnums)
  join table_column as c on c.relation = i.inhrelid and c.name = p.name
  where i.inhseqno = 1
  group by i.inhrelid
),
-- columns that should be the key: the inherited one, the references of a junction table, or a column named id
intended_key as (
  select t.relation, string_agg(c.quoted, ', ' order by c.attnum) as columns, array_agg(c.attnum) as attnums
  from table_kind as t
  join column_role as o on o.relation = t.relation and o.is_reference
  join table_column as c on c.relation = o.relation and c.attnum = o.attnum
  where t.is_junction
    -- with a day or a time beside them, the same references may come again
    and not exists (
      select
      from table_column as b
      join column_role as e on e.relation = b.relation and e.attnum = b.attnum
      where b.relation = t.relation and b.family in ('time', 'date') and not e.is_audit and not e.is_reference
    )
    and t.relation not in (select k.relation from inherited_key as k)
    -- a key is not null, so that the deletion of what these columns reference would fail
    and t.relation not in (select f.relation from foreign_key as f where f.on_delete in ('n', 'd'))
  group by t.relation
  union all
  select c.relation, c.quoted, array[c.attnum]
  from table_column as c
  join table_kind as t on t.relation = c.relation and not t.is_junction
  where c.name = 'id'
    and c.family in ('integer', 'uuid')
    and c.relation not in (select k.relation from inherited_key as k)
  union all
  select k.relation, k.columns, k.attnums
  from inherited_key as k
),
-- NOT NULL references, with the number or the date of a row within them: a key, if they are unique in all rows
possible_key as (
  select r.oid as relation, string_agg(c.quoted, ', ' order by n.is_order, c.attnum) as columns,
    string_agg('t.' || c.quoted, ', ' order by n.is_order, c.attnum) as values
  from table_without_key as r
  join table_column as c on c.relation = r.oid and c.is_not_null and not c.is_generated
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  left join implied_foreign_key as k on k.relation = c.relation and k.attnum = c.attnum and k.is_whole
  left join (
    select distinct k.relation, u.attnum
    from implied_composite_key as k
    cross join lateral unnest(k.attnums) as u (attnum)
  ) as m on m.relation = c.relation and m.attnum = c.attnum
  cross join lateral (
    select not (o.is_reference or k.relation is not null or m.relation is not null) as is_order
  ) as n
  where not r.is_partitioned
    and not r.has_children
    and not r.is_log
    and (
      not n.is_order
      or c.default_expression is null
        and c.family in ('integer', 'date', 'time')
        and (
          c.last_word in ('period', 'year', 'month', 'day', 'date', 'ts', 'seq', 'position', 'version')
          or c.words in (array['valid', 'from'], array['line', 'no'], array['line', 'number'], array['effective', 'from'])
        )
    )
    and r.oid not in (select m.relation from intended_key as m)
    and r.oid not in (select f.relation from foreign_key as f where f.on_delete in ('n', 'd'))
  group by r.oid
  having count(*) > 1 and bool_or(not n.is_order)
),
partition_key as (
  select k.partrelid as relation, string_agg(c.quoted, ', ' order by k.n) as columns,
    string_agg(c.quoted, ', ' order by k.n) filter (where c.attnum <> all(m.attnums)) as other_columns,
    bool_and(c.attnum is not null) as is_plain
  from (
    select p.partrelid, unnest(string_to_array(p.partattrs::text, ' ')::smallint[]) as attnum,
      generate_series(1, p.partnatts) as n
    from pg_partitioned_table as p
  ) as k
  left join table_column as c on c.relation = k.partrelid and c.attnum = k.attnum
  left join intended_key as m on m.relation = k.partrelid
  group by k.partrelid
)
select r.object,
  case when u.name is null then 'critical' else 'warning' end as severity,
  case
    when u.name is null then format('table %s has no primary key', r.object)
    else format('table %s has no primary key, but its unique constraint or index %s could become one', r.object, u.name)
  end as message,
  jsonb_strip_nulls(jsonb_build_object('rows by statistics', nullif(r.rows, 0), 'unique', u.name)) as evidence,
  case
    when u.name is not null and r.is_partitioned then format('alter table %s add primary key (%s)', r.quoted, u.columns)
    when u.name is not null and not u.has_constraint and u.is_plain
    then format('alter table %s add primary key using index %I', r.quoted, u.name)
    when u.name is not null then format(
      E'create unique index concurrently %1$s on %2$s (%3$s);\nalter table %2$s add constraint %1$s primary key using index %1$s%4$s',
      r.quoted_key, r.quoted, u.columns,
      -- the unique constraint is then redundant, unless foreign keys depend on it
      case
        when u.has_constraint and not u.is_replica and not exists (
          select from pg_constraint as k where k.conindid = u.oid and k.contype = 'f'
        )
        then format(', drop constraint %I', u.name)
        else ''
      end
    )
    when r.is_partitioned and not coalesce(partition_key.is_plain, false)
    then format('add a primary key to each partition of %s, which is partitioned by an expression', r.object)
    when r.is_partitioned and m.columns is not null then format(
      'alter table %s add primary key (%s)', r.quoted, concat_ws(', ', m.columns, partition_key.other_columns)
    )
    when r.is_partitioned or r.has_children then format(
      E'create sequence %1$I.%2$I;\n'
        'alter table %3$s add column %4$s bigint not null default nextval(%5$L);\n'
        'alter table %3$s add primary key (%4$s%6$s)',
      r.schema, left(r.name, 55) || '_row_seq', r.quoted, f.quoted,
      format('%I.%I', r.schema, left(r.name, 55) || '_row_seq'),
      case when r.is_partitioned then ', ' || partition_key.columns else '' end
    )
    when m.columns is not null then format(
      E'create unique index concurrently %1$s on %2$s (%3$s);\nalter table %2$s add constraint %1$s primary key using index %1$s',
      r.quoted_key, r.quoted, m.columns
    )
    else format('alter table %s add column %s bigint generated always as identity primary key', r.quoted, f.quoted)
  end as suggestion,
  case
    when r.is_partitioned and u.name is null and (
      m.columns is not null or not coalesce(partition_key.is_plain, false)
    ) then 'redesign'
    when u.name is not null or m.columns is not null and not r.has_children then 'statement'
    else 'rewrite'
  end as remedy,
  case
    when u.name is null and m.columns is not null and not r.has_children and not r.is_partitioned
    then jsonb_build_array(jsonb_build_object(
      'where', array['rows without a unique key'], 'remedy', 'redesign',
      'comment', format('run this when (%s) is unique and not null in every row', m.columns),
      'suggestion', format(
        E'create unique index concurrently %1$s on %2$s (%3$s);\nalter table %2$s add constraint %1$s primary key using index %1$s',
        r.quoted_key, r.quoted, m.columns
      )
    ))
    when u.name is null and w.columns is not null then jsonb_build_array(jsonb_build_object(
      'where', array['unique in all rows'], 'remedy', 'redesign',
      'comment', format(
        '(%s) is unique in every row: run this if it has to stay so; if not, give the table a key of its own', w.columns
      ),
      'suggestion', format(
        E'create unique index concurrently %1$s on %2$s (%3$s);\nalter table %2$s add constraint %1$s primary key using index %1$s',
        r.quoted_key, r.quoted, w.columns
      )
    ))
  end as instead,
  case
    when u.name is null and m.columns is not null and not r.has_children and not r.is_partitioned
    then jsonb_build_object(
      'from', s.source,
      'rows without a unique key',
      format('count(*) - count(distinct case when num_nulls(%1$s) = 0 then row(%1$s) end)', m.columns)
    )
    when u.name is null and w.columns is not null and not s.is_sampled then jsonb_build_object(
      'from', s.source,
      'evidence', format(
        'case when count(*) >= 20 and count(distinct (%1$s)) = count(*) '
        'then jsonb_build_object(''unique in all rows'', %2$L::text) else ''{}'' end', w.values, w.columns
      )
    )
  end as probe
from table_without_key as r
join sample as s on s.relation = r.oid
left join usable_index as u on u.relation = r.oid
left join intended_key as m on m.relation = r.oid
left join possible_key as w on w.relation = r.oid
left join partition_key on partition_key.relation = r.oid
cross join lateral (
  select case
      -- a child has the columns that its parent gets
      when r.is_child then format('%I', left(r.name, 56) || '_row_id')
      when exists (select from table_column as c where c.relation = r.oid and c.name = 'id') then 'row_id'
      else 'id'
    end as quoted
) as f
order by r.object
