-- title: Boolean stored as a number
-- severity: info
-- key: object
-- why: A number also accepts values such as 2 and -1. Each program that reads it must decide which of them mean yes.
select c.object,
  format('column %s stores a boolean as %s', c.object, c.type_name) as message,
  jsonb_build_object('type', c.type_name) as evidence,
  format('does %s hold anything but yes and no? If not, make it a boolean', c.object) as suggestion,
  -- programs that compare it with a number must change too
  'redesign' as remedy,
  jsonb_build_array(jsonb_build_object(
    'where', array['only 0 and 1'],
    'comment', 'programs that compare the column with a number must change first',
    'suggestion', format(
      'alter table %1$s %2$salter column %3$s drop default, alter column %3$s type boolean using %3$s <> 0%4$s', r.quoted,
      coalesce(k.dropped, ''), c.quoted,
      case
        when c.default_expression ~ '^\(?''?-?\d+''?\)?(::\w+)?$'
        then format(
          ', alter column %s set default %s', c.quoted,
          case when c.default_expression ~ '[1-9]' then 'true' else 'false' end
        )
        else ''
      end
  )
  )) as instead,
  jsonb_build_object(
    'from', s.source,
    'evidence', format(
      'case when count(*) filter (where t.%1$s in (0, 1)) >= 5 then ''{"only 0 and 1": true}'' else ''{}'' end::jsonb',
      c.quoted
    ),
    -- a column with other values is not a boolean, whatever its name
    'holds', format(
      case
        when n.is_flag then 'count(*) filter (where t.%1$s not in (0, 1)) = 0'
        else 'count(t.%1$s) >= 20 and min(t.%1$s) = 0 and max(t.%1$s) = 1'
      end, c.quoted
    )
  )
  || case when s.is_sampled then jsonb_build_object('sampled rows', 'count(*)') else '{}' end as probe
from table_column as c
join relation as r on r.oid = c.relation
join column_role as o on o.relation = c.relation and o.attnum = c.attnum
join sample as s on s.relation = c.relation
left join (
  -- a check that compares numbers fails after the change of type
  select t.relation, t.attnums, string_agg(format('drop constraint %s, ', t.quoted), '' order by t.name) as dropped
  from table_constraint as t
  where t.kind = 'c' and cardinality(t.attnums) = 1 and t.definition !~ '\mVALUE\M'
  group by t.relation, t.attnums
) as k on k.relation = c.relation and k.attnums = array[c.attnum]
cross join lateral (
  select c.words[1] in ('is', 'has')
      and cardinality(c.words) > 1
      and c.last_word not in ('count', 'id', 'by', 'at', 'type', 'level', 'score', 'rank', 'number')
      or c.name in ('active', 'enabled', 'deleted', 'discontinued')
      or c.name ~* '^(is)?(active|enabled|deleted|discontinued)$'
      or c.last_word in ('enabled', 'discontinued') as is_flag
) as n
where (c.family = 'integer' or c.family = 'numeric' and c.typmod = (1 << 16) + 4)
  and not o.is_key
  and not o.is_reference
  and not c.is_generated
  and not c.is_inherited
  and (
    n.is_flag
    -- a participle with a default of no or yes: paid, banned, done
    or c.is_not_null
      and c.default_expression ~ '^''?[01]''?(::\w+)?$'
      and (
        c.last_word ~ '^[a-z]{2,}(ed|den|ten|ble)$'
        or c.words[1] in ('on', 'can', 'may', 'allow', 'allows', 'should', 'needs', 'use', 'uses', 'show', 'shows', 'auto')
        or c.last_word in ('done', 'paid', 'sent', 'read', 'seen', 'shown', 'open', 'public', 'private', 'default', 'flag')
      )
      and c.words[1] not in ('count', 'number', 'total', 'amount', 'quantity', 'last')
  )
order by c.object
