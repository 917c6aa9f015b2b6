-- title: Number without a range check
-- severity: warning
-- key: object
-- why: A sign that slipped, or a NaN out of some computation, is stored like any other number; one NaN makes NaN of
--   every sum it is in.
with number as (
  select c.*, r.schema, r.named as table_named, r.name as table_name, s.source, s.is_part,
    c.words && array['balance', 'profit', 'net', 'delta', 'change', 'adjustment']
    or cardinality(c.words) = 1 and c.name ~* '(balance|profit)$' as is_signed,
    -- a modifier bounds a numeric, and keeps infinity out
    c.family = 'float' or c.family = 'numeric' and c.modifier = -1 as has_infinity,
    c.family in ('float', 'numeric') as has_nan
  from col as c
  join relation as r on r.oid = c.relation
  join role as o on o.relation = c.relation and o.place = c.place
  join sample as s on s.relation = c.relation
  where c.family in ('integer', 'numeric', 'float', 'money')
    and not o.is_key
    and not o.is_reference
    and not c.is_generated
    and (
      o.looks_like_money
      or c.last_word in ('quantity', 'qty', 'discount', 'stock')
      or c.words[1] = 'units' and cardinality(c.words) > 1 and c.last_word not in ('count', 'id')
      or cardinality(c.words) = 1 and c.name ~* '([a-z](quantity|qty|discount)|^units(in|on)[a-z]+)$'
    )
)
select n.object,
  format('nothing keeps %s from column %s (%s)', b.what, n.object, n.written) as message,
  jsonb_build_object('type', n.written) as evidence,
  k.added || E' not valid;\n' || k.validated as suggestion,
  'statement' as remedy,
  jsonb_build_array(jsonb_build_object(
    'where', array['below zero', 'NaN or infinite'],
    'suggestion', format(E'-- some rows break it; once they are corrected: %s\n%s not valid', k.validated, k.added)
  )) as instead,
  jsonb_build_object('from', n.source)
  || case when n.is_part then jsonb_build_object('sampled rows', 'count(*)') else '{}' end
  || case
    when n.is_signed then '{}'
    else jsonb_build_object(
      'below zero',
      format('count(*) filter (where t.%s < %s)', n.named, case when n.family = 'money' then '0::money' else '0' end)
    )
  end
  || case
    when n.has_nan
    then jsonb_build_object('NaN or infinite', format('count(*) filter (where t.%1$s = ''NaN'' or %2$s)', n.named,
      case
        when n.has_infinity then format('t.%1$s in (''infinity'', ''-infinity'')', n.named)
        else 'false'
      end
    ))
    else '{}'
  end as probe
from number as n
cross join lateral (
  select concat_ws(
    case when n.has_infinity then ', ' else ' and ' end,
    case when not n.is_signed then 'negative numbers' end,
    case when n.has_infinity then 'NaN and infinity' when n.has_nan then 'NaN' end
  ) as what
) as b
cross join lateral (
  select case
      when n.is_signed then format('%1$s > ''-infinity'' and %1$s < ''infinity''', n.named)
      when n.has_nan then format('%1$s >= 0 and %1$s < ''infinity''', n.named)
      when n.family = 'money' then format('%s >= 0::money', n.named)
      else format('%s >= 0', n.named)
    end as written,
    left(n.table_name || '_' || n.name, 54) || '_in_range' as name
) as w
cross join lateral (
  select format('alter table %s add constraint %I check (%s)', n.table_named, w.name, w.written) as added,
    format('alter table %s validate constraint %I', n.table_named, w.name) as validated
) as k
where b.what <> ''
  and not exists (
    select
    from tie as t
    -- whether there is a value says nothing of its size
    cross join lateral (
      select regexp_replace(
        regexp_replace(t.written, '\(?("[^"]+"|\w+)\)? IS (NOT )?NULL', '', 'g'), 'num_(non)?nulls\([^()]*\)', '', 'g'
      ) as text
    ) as w
    where t.relation = n.relation
      and t.kind = 'c'
      and n.place = any(t.places)
      and (position(n.named in w.text) > 0 or w.text ~ '\mVALUE\M')
      and w.text ~ case when n.is_signed then '[<>=]|\w\(' else '(?<!<)>|<(?!>)|=|^CHECK \(+[\w.]+\(' end
  )
order by n.object
