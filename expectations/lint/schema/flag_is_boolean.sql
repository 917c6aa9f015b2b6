-- title: Boolean stored as a number
-- severity: info
-- key: object
-- why: A number takes 2 and -1 as well, and each program that reads it has to agree on which of them mean yes.
select c.object,
  format('column %s says yes or no in %s', c.object, c.written) as message,
  jsonb_build_object('type', c.written) as evidence,
  format(
    'alter table %1$s %2$salter column %3$s drop default, alter column %3$s type boolean using %3$s <> 0%4$s', r.named,
    coalesce(k.dropped, ''), c.named,
    case
      when c.preset ~ '^\(?''?-?\d+''?\)?(::\w+)?$'
      then format(
        ', alter column %s set default %s', c.named,
        case when c.preset ~ '[1-9]' then 'true' else 'false' end
      )
      else ''
    end
  ) as suggestion,
  'rewrite' as remedy,
  jsonb_build_object(
    'from', s.source,
    'values that are neither 0 nor 1', format('count(*) filter (where t.%s not in (0, 1))', c.named),
    -- a column with more than two values is none, whatever its name
    'holds', format('count(*) filter (where t.%1$s not in (0, 1, -1)) = 0', c.named)
  )
  || case when s.is_part then jsonb_build_object('sampled rows', 'count(*)') else '{}' end as probe
from col as c
join relation as r on r.oid = c.relation
join role as o on o.relation = c.relation and o.place = c.place
join sample as s on s.relation = c.relation
left join (
  -- a check that compares with numbers would not outlive them
  select t.relation, t.places, string_agg(format('drop constraint %s, ', t.named), '' order by t.name) as dropped
  from tie as t
  where t.kind = 'c' and cardinality(t.places) = 1 and t.written !~ '\mVALUE\M'
  group by t.relation, t.places
) as k on k.relation = c.relation and k.places = array[c.place]
where (c.family = 'integer' or c.family = 'numeric' and c.modifier = (1 << 16) + 4)
  and not o.is_key
  and not o.is_reference
  and not c.is_generated
  and (
    c.words[1] in ('is', 'has')
    and cardinality(c.words) > 1
    and c.last_word not in ('count', 'id', 'by', 'at', 'type', 'level', 'score', 'rank', 'number')
    or c.name in ('active', 'enabled', 'deleted', 'discontinued')
    or c.name ~* '^(is)?(active|enabled|deleted|discontinued)$'
    or c.last_word in ('enabled', 'discontinued')
  )
order by c.object
