-- title: Integer key may run out
-- severity: warning
-- key: object
-- why: After 2,147,483,647 (32,767 for smallint) each insert fails. Rolled back inserts and gaps use up numbers too.
--   A wider type then needs a rewrite of this table and of all that reference it, and no row can be inserted
--   meanwhile.
with recursive
-- columns that hold a key: those that reference it, and those that reference these
pointer as (
  select f.relation, u.attnum, f.target, u.target_attnum
  from foreign_key as f
  cross join lateral unnest(f.attnums, f.target_attnums) as u (attnum, target_attnum)
  union
  -- foreign keys that only partitions have
  select w.relation, w.attnum, f.confrelid, f.confkey[array_position(f.conkey, w.partition_attnum)]
  from partition_column as w
  join pg_constraint as f on f.conrelid = w.partition and w.partition_attnum = any(f.conkey)
  where f.contype = 'f' and f.conparentid = 0
  union
  select k.relation, k.attnum, k.target, k.target_attnum
  from implied_foreign_key as k
),
holder (target, target_attnum, relation, attnum) as (
  select p.target, p.target_attnum, p.relation, p.attnum
  from pointer as p
  union
  select h.target, h.target_attnum, p.relation, p.attnum
  from holder as h
  join pointer as p on p.target = h.relation and p.target_attnum = h.attnum
),
surrogate as (
  select c.*, r.schema, count(*) over (partition by r.schema) > 20 as is_habit, case c.type when 21 then 32767 else 2147483647 end as top,
    q.sequence, q.seqtypid, q.last_number,
    (c.relation, c.attnum) in (
      select g.relation, g.attnums[1] from table_index as g where g.is_valid and g.method = 'btree'
    ) as is_found
  from table_column as c
  join relation as r on r.oid = c.relation
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  join table_constraint as p on p.relation = c.relation and p.kind = 'p' and c.attnum = any(p.attnums)
  left join (
    select distinct on (f.relation, f.attnum) f.relation, f.attnum, format('%I.%I', n.nspname, s.relname) as sequence,
      z.seqtypid,
      -- pg_sequence_last_value would lock each sequence until the end of the transaction
      case
        when has_sequence_privilege(s.oid, 'select') and has_schema_privilege(n.oid, 'usage')
        then format('(select q.last_value from %I.%I as q where q.is_called)', n.nspname, s.relname)
      end as last_number
    from column_sequence as f
    join pg_class as s on s.oid = f.sequence
    join pg_namespace as n on n.oid = s.relnamespace
    join pg_sequence as z on z.seqrelid = s.oid
    order by f.relation, f.attnum, s.oid
  ) as q on q.relation = c.relation and q.attnum = c.attnum
  where c.type in (21, 23)
    and not c.is_inherited
    and not o.is_reference
    and (c.relation, c.attnum) not in (select k.relation, k.attnum from implied_foreign_key as k)
    and (
      c.is_identity
      or c.default_expression ~ '^nextval\('
      or cardinality(p.attnums) = 1
        and (
          lower(c.name) = 'id'
          or (c.relation, array_to_string(c.words, '')) in (select n.relation, n.alias || 'id' from table_alias as n)
        )
    )
)
select c.object,
  'info' as severity,
  format('%s has type %s, which ends at %s', c.object, c.type_name, c.top) as message,
  jsonb_strip_nulls(jsonb_build_object('type', c.type_name, 'columns that hold it', p.objects)) as evidence,
  concat_ws(
    E';\n',
    case
      when r.has_children then format(
        E'-- PostgreSQL 18 refuses this where a child of %s has a NOT NULL constraint of its own on %s: drop that first\nalter '
        'table %s alter column %s type bigint', r.object, c.name, r.quoted, c.quoted
      )
      else format('alter table %s alter column %s type bigint', r.quoted, c.quoted)
    end,
    case when c.seqtypid <> 20 and not c.is_identity then format('alter sequence %s as bigint', c.sequence) end,
    p.widened
  ) as suggestion,
  case when r.has_children then 'redesign' else 'rewrite' end as remedy,
  jsonb_build_object(
    -- an index that begins with the key finds the greatest one quickly
    'from', case when c.is_found then r.quoted || ' as t' else s.source end,
    case when s.is_sampled and not c.is_found then 'largest key in a sample' else 'largest key' end,
    format('max(t.%s)', c.quoted),
    'share of the range used', format('nullif(round(%s::numeric / %s, 4), 0)', m.used, c.top),
    'severity', format(
      'case when %1$s * 2 >= %2$s then ''critical'' when %3$L and (%4$s) then ''warning'' else ''info'' end',
      m.used, c.top, not x.is_lookup, n.is_near
    ),
    'message', format(
      'case when %2$s = 0 then %4$L else format('
      '%1$L, %2$s, case when %2$s * 2000.0 < %3$s then ''less than 0.1'' else round(%2$s * 100.0 / %3$s, 1)::text end) end',
      replace(format('%s has type %s, which ends at %s', c.object, c.type_name, c.top), '%', '%%')
        || '; the largest number used is %s (%s %%)',
      m.used, c.top,
      format('%s has type %s, which ends at %s; no number is used yet', c.object, c.type_name, c.top)
    )
  )
  || case
    when c.last_number is null then '{}'
    else jsonb_build_object(
      'evidence', format('jsonb_strip_nulls(jsonb_build_object(''last sequence value'', %s))', c.last_number)
    )
  end
  -- of many keys, those that are far from the end are one finding
  || case when c.is_habit then jsonb_build_object('holds', n.is_near) else '{}' end as probe
from surrogate as c
join relation as r on r.oid = c.relation
join sample as s on s.relation = c.relation
join table_kind as x on x.relation = c.relation
left join (
  -- columns that hold the key need the wider type too
  select h.target, h.target_attnum, jsonb_agg(b.object order by b.object) as objects,
    string_agg(
      format('alter table %s alter column %s type bigint', t.quoted, b.quoted), E';\n' order by b.object
    ) as widened
  from holder as h
  join relation as t on t.oid = h.relation
  join table_column as b on b.relation = h.relation and b.attnum = h.attnum
  where b.type in (21, 23)
    and not b.is_inherited
    and (h.relation, h.attnum) <> (h.target, h.target_attnum)
  group by h.target, h.target_attnum
) as p on p.target = c.relation and p.target_attnum = c.attnum
left join (
  -- the time from the first row to the last, in years, where it is long enough to show a pace
  select distinct on (b.relation) b.relation,
    format(
      '(select case when max(v.%1$s) - min(v.%1$s) > interval ''90 days'' then '
      'extract(epoch from max(v.%1$s) - min(v.%1$s)) / 31557600 else 1e9 end from %2$s)',
      b.quoted, regexp_replace(s.source, ' as t', ' as v')
    ) as years
  from table_column as b
  join sample as s on s.relation = b.relation
  where b.family = 'time'
    and b.words[1] in ('created', 'inserted', 'added')
  order by b.relation, b.attnum
) as g on g.relation = c.relation
cross join lateral (
  select format('greatest(max(t.%s)::bigint, %s, 0)', c.quoted, coalesce(c.last_number, '0')) as used
) as m
cross join lateral (
  -- a quarter of the range, or an end within ten years at the pace of the rows' own times
  select format('%s * 4 >= %s', m.used, c.top)
    || case when g.years is null then '' else format(' or (%s - %s) * %s < 10 * %s', c.top, m.used, g.years, m.used) end
      as is_near
) as n
union all
select c.schema, 'info',
  format('%s keys in schema %s have 16 or 32 bits; those that come near the end are separate findings', count(*), c.schema),
  jsonb_build_object('keys', count(*), 'columns', jsonb_agg(c.object order by c.object)),
  format('make keys of new tables in schema %s bigint, and widen the others before they run out', c.schema), 'redesign',
  null
from surrogate as c
where c.is_habit
group by c.schema
order by 1
