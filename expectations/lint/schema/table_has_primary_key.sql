-- title: Table without a primary key
-- severity: critical
-- key: object
-- why: Nothing keeps the same row from being there twice, a row cannot be named to correct it, and logical
--   replication cannot update or delete it.
with unkeyed as (
  select r.*, format('%I', left(r.name, 58) || '_pkey') as key_named
  from relation as r
  where not exists (select from tie as t where t.relation = r.oid and t.kind = 'p')
),
-- the smallest full unique index on columns that are never null
promoted as (
  select distinct on (u.relation) u.*
  from (
    select g.relation, g.name, g.oid, g.is_tied, i.indisreplident as is_replica, count(*) as size,
      string_agg(c.named, ', ' order by p.n) as columns,
      -- a primary key takes over no index with an order or an operator class of its own
      bool_and(i.indoption[p.n - 1] = 0 and o.opcdefault) as is_plain
    from guide as g
    join unkeyed as r on r.oid = g.relation
    join pg_index as i on i.indexrelid = g.oid
    join col as c on c.relation = g.relation and c.place = any(g.places)
    cross join lateral (select array_position(g.places, c.place) as n) as p
    join pg_opclass as o on o.oid = i.indclass[p.n - 1]
    where g.is_unique and g.is_valid and not g.is_partial and not g.has_expressions
    group by g.relation, g.name, g.oid, g.is_tied, i.indisreplident
    having bool_and(c.is_not_null)
  ) as u
  order by u.relation, u.is_tied, u.size, u.name
),
-- what would be the key, were it unique: both sides of a junction, or a column named id
meant as (
  select t.relation, string_agg(c.named, ', ' order by c.place) as columns, array_agg(c.place) as places
  from trait as t
  join role as o on o.relation = t.relation and o.is_reference
  join col as c on c.relation = o.relation and c.place = o.place
  where t.is_junction
  group by t.relation
  union all
  select c.relation, c.named, array[c.place]
  from col as c
  join trait as t on t.relation = c.relation and not t.is_junction
  where c.name = 'id'
    and c.family in ('integer', 'uuid')
),
cut as (
  select k.partrelid as relation, string_agg(c.named, ', ' order by k.n) as columns,
    string_agg(c.named, ', ' order by k.n) filter (where c.place <> all(m.places)) as beside,
    bool_and(c.place is not null) as is_plain
  from (
    select p.partrelid, unnest(string_to_array(p.partattrs::text, ' ')::smallint[]) as place, generate_series(1, p.partnatts) as n
    from pg_partitioned_table as p
  ) as k
  left join col as c on c.relation = k.partrelid and c.place = k.place
  left join meant as m on m.relation = k.partrelid
  group by k.partrelid
)
select r.object,
  case when u.name is null then 'critical' else 'warning' end as severity,
  case
    when u.name is null then format('table %s has no primary key', r.object)
    else format('table %s has no primary key, but the unique constraint or index %s could be it', r.object, u.name)
  end as message,
  jsonb_strip_nulls(jsonb_build_object('rows by statistics', nullif(r.rows, 0), 'unique', u.name)) as evidence,
  case
    when u.name is not null and r.is_partitioned then format('alter table %s add primary key (%s)', r.named, u.columns)
    when u.name is not null and not u.is_tied and u.is_plain
    then format('alter table %s add primary key using index %I', r.named, u.name)
    when u.name is not null then format(
      E'create unique index concurrently %1$s on %2$s (%3$s);\nalter table %2$s add constraint %1$s primary key using index %1$s%4$s',
      r.key_named, r.named, u.columns,
      -- the constraint has then no use, but for keys that refer to it
      case
        when u.is_tied and not u.is_replica and not exists (select from pg_constraint as k where k.conindid = u.oid and k.contype = 'f')
        then format(', drop constraint %I', u.name)
        else ''
      end
    )
    when r.is_partitioned and not coalesce(cut.is_plain, false)
    then format('a primary key on each partition of %s, since it is partitioned by an expression', r.object)
    when r.is_partitioned and m.columns is not null then format(
      'alter table %s add primary key (%s)', r.named, concat_ws(', ', m.columns, cut.beside)
    )
    when r.is_partitioned or r.below > 0 then format(
      E'create sequence %1$I.%2$I;\n'
        'alter table %3$s add column %4$s bigint not null default nextval(%5$L);\n'
        'alter table %3$s add primary key (%4$s%6$s)',
      r.schema, left(r.name, 55) || '_row_seq', r.named, f.named, format('%I.%I', r.schema, left(r.name, 55) || '_row_seq'),
      case when r.is_partitioned then ', ' || cut.columns else '' end
    )
    when m.columns is not null then format(
      E'create unique index concurrently %1$s on %2$s (%3$s);\nalter table %2$s add constraint %1$s primary key using index %1$s',
      r.key_named, r.named, m.columns
    )
    else format('alter table %s add column %s bigint generated always as identity primary key', r.named, f.named)
  end as suggestion,
  case
    when r.is_partitioned and u.name is null and (m.columns is not null or not coalesce(cut.is_plain, false)) then 'redesign'
    when u.name is not null or m.columns is not null and r.below = 0 then 'statement'
    else 'rewrite'
  end as remedy,
  case
    when u.name is null and m.columns is not null and r.below = 0 and not r.is_partitioned
    then jsonb_build_array(jsonb_build_object(
      'where', array['rows without a key of their own'], 'remedy', 'redesign',
      'suggestion', format(
        E'-- once (%3$s) is there in each row, and in none twice:\n'
          'create unique index concurrently %1$s on %2$s (%3$s);\nalter table %2$s add constraint %1$s primary key using index %1$s',
        r.key_named, r.named, m.columns
      )
    ))
  end as instead,
  case
    when u.name is null and m.columns is not null and r.below = 0 and not r.is_partitioned
    then jsonb_build_object(
      'from', s.source,
      'rows without a key of their own',
      format('count(*) - count(distinct case when num_nulls(%1$s) = 0 then row(%1$s) end)', m.columns)
    )
  end as probe
from unkeyed as r
join sample as s on s.relation = r.oid
left join promoted as u on u.relation = r.oid
left join meant as m on m.relation = r.oid
left join cut on cut.relation = r.oid
cross join lateral (
  select case when exists (select from col as c where c.relation = r.oid and c.name = 'id') then 'row_id' else 'id' end as named
) as f
order by r.object
