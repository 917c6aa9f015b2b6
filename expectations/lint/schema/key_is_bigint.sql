-- title: Integer key may run out
-- severity: warning
-- key: object
-- why: After 2,147,483,647 (32,767 in a smallint) each insert fails, rolled back ones and gaps included. To widen the
--   key then takes a rewrite of the table, and of all that point at it, while nothing can be stored.
with surrogate as (
  select c.*, case c.type when 21 then 32767 else 2147483647 end as top,
    q.sequence, q.seqtypid, q.last_number,
    (c.relation, c.place) in (select g.relation, g.places[1] from guide as g where g.is_valid and g.method = 'btree') as is_found
  from col as c
  join role as o on o.relation = c.relation and o.place = c.place
  join tie as p on p.relation = c.relation and p.kind = 'p' and c.place = any(p.places)
  left join (
    select distinct on (f.relation, f.place) f.relation, f.place, format('%I.%I', n.nspname, s.relname) as sequence, z.seqtypid,
      -- pg_sequence_last_value would keep each sequence locked to the end of the audit
      case
        when has_sequence_privilege(s.oid, 'select') and has_schema_privilege(n.oid, 'usage')
        then format('(select q.last_value from %I.%I as q where q.is_called)', n.nspname, s.relname)
      end as last_number
    from feed as f
    join pg_class as s on s.oid = f.sequence
    join pg_namespace as n on n.oid = s.relnamespace
    join pg_sequence as z on z.seqrelid = s.oid
    order by f.relation, f.place, s.oid
  ) as q on q.relation = c.relation and q.place = c.place
  where c.type in (21, 23)
    and not o.is_reference
    and (c.relation, c.place) not in (select k.relation, k.place from kinship as k)
    and (
      c.is_identity
      or c.preset ~ '^nextval\('
      or cardinality(p.places) = 1
        and (
          lower(c.name) = 'id'
          or (c.relation, array_to_string(c.words, '')) in (select n.relation, n.noun || 'id' from noun as n)
        )
    )
)
select c.object,
  case when x.is_lookup then 'info' else 'warning' end as severity,
  format('%s is of type %s, which ends at %s', c.object, c.written, c.top) as message,
  jsonb_build_object('type', c.written) as evidence,
  concat_ws(
    E';\n',
    format('alter table %s alter column %s type bigint', r.named, c.named),
    case when c.seqtypid <> 20 and not c.is_identity then format('alter sequence %s as bigint', c.sequence) end,
    p.widened
  ) as suggestion,
  'rewrite' as remedy,
  jsonb_build_object(
    -- the greatest key is one step away where an index leads with it
    'from', case when c.is_found then r.named || ' as t' else s.source end,
    case when s.is_part and not c.is_found then 'largest key in a sample' else 'largest key' end, format('max(t.%s)', c.named),
    'share of the range used', format('round(%s::numeric / %s, 4)', m.used, c.top),
    'severity', format(
      'case when %s * 2 >= %s then ''critical'' else %L end', m.used, c.top, case when x.is_lookup then 'info' else 'warning' end
    ),
    'message', format(
      'format(%L, %s, round(%s * 100.0 / %s, 1))',
      replace(format('%s is of type %s, which ends at %s: ', c.object, c.written, c.top), '%', '%%') || 'up to %s are used (%s %%)',
      m.used, m.used, c.top
    )
  )
  || case
    when c.last_number is null then '{}'
    else jsonb_build_object(
      'evidence', format('jsonb_strip_nulls(jsonb_build_object(''last number given out'', %s))', c.last_number)
    )
  end as probe
from surrogate as c
join relation as r on r.oid = c.relation
join sample as s on s.relation = c.relation
join trait as x on x.relation = c.relation
left join (
  -- what points at a key has to grow with it
  select p.target, p.target_place,
    string_agg(format('alter table %s alter column %s type bigint', t.named, b.named), E';\n' order by b.object) as widened
  from (
    select f.relation, u.place, f.target, u.target_place
    from reference as f
    cross join lateral unnest(f.places, f.target_places) as u (place, target_place)
    union
    -- by a foreign key of its partitions alone
    select w.relation, w.place, f.confrelid, f.confkey[array_position(f.conkey, w.leaf_place)]
    from twin as w
    join pg_constraint as f on f.conrelid = w.leaf and w.leaf_place = any(f.conkey)
    where f.contype = 'f' and f.conparentid = 0
  ) as p
  join relation as t on t.oid = p.relation
  join col as b on b.relation = p.relation and b.place = p.place
  where b.type in (21, 23)
  group by p.target, p.target_place
) as p on p.target = c.relation and p.target_place = c.place
cross join lateral (
  select format('greatest(max(t.%s)::bigint, %s, 0)', c.named, coalesce(c.last_number, '0')) as used
) as m
order by c.object
