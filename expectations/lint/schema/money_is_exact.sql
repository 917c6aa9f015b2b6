-- title: Money in an unsuitable type
-- severity: critical
-- key: object
-- why: A binary float cannot represent most cents. Sums can depend on the order of rows, equal amounts can compare as
--   different, and NaN and infinity are accepted. The type money depends on the session's locale and has no currency.
select c.object,
  case when m.is_money then 'critical' else 'info' end as severity,
  case
    when c.family = 'money' then format('%s has type money, whose value depends on lc_monetary', c.object)
    when m.is_money then format('%s stores money as %s, which cannot represent most cents', c.object, c.type_name)
    else format('%s stores a rate as %s, which cannot represent most decimal fractions', c.object, c.type_name)
  end as message,
  jsonb_build_object('type', c.type_name) as evidence,
  -- a float is cast through text, its shortest exact form
  format(
    'alter table %1$s alter column %2$s type numeric(%3$s) using %2$s::%4$snumeric', r.quoted, c.quoted,
    k.target, k.through
  ) as suggestion,
  'rewrite' as remedy,
  case
    when c.family = 'float' then jsonb_build_array(jsonb_build_object(
      'where', array['mostly finer'], 'remedy', 'redesign',
      'suggestion', format('is %s money, or a measurement, which a float suits?', c.object)
    ))
  end as instead,
  case
    when c.family = 'float' then jsonb_build_object(
      'from', s.source,
      format('values that numeric(%s) does not hold', k.target), k.finer,
      'evidence', format(
        'case when count(t.%1$s) >= 5 and %2$s * 2 > count(t.%1$s) then ''{"mostly finer": true, "severity": "info"}'' '
        'else ''{}'' end::jsonb', c.quoted, k.finer
      )
    )
    || case when s.is_sampled then jsonb_build_object('sampled rows', 'count(*)') else '{}' end
  end as probe
from table_column as c
join relation as r on r.oid = c.relation
join column_role as o on o.relation = c.relation and o.attnum = c.attnum
join sample as s on s.relation = c.relation
cross join lateral (select o.looks_like_money and not o.is_key and not o.is_reference as is_money) as m
cross join lateral (
  select case when c.family = 'float' then 'text::' else '' end as through,
    case when m.is_money then '14, 2' else '18, 8' end as target,
    -- infinity fits into numeric, but not into numeric with a precision
    format(
      'count(*) filter (where case when t.%1$s = ''NaN'' then false when abs(t.%1$s) >= 1e%2$s then true else %3$s end)',
      c.quoted, case when m.is_money then 12 else 10 end,
      case
        -- below 2^53 cents, the float that is closest to a number of cents is the one that is meant
        when m.is_money and c.type = 701 then format('t.%1$s <> round(t.%1$s * 1e2) / 1e2', c.quoted)
        else format(
          't.%1$s::text::numeric <> round(t.%1$s::text::numeric, %2$s)', c.quoted, case when m.is_money then 2 else 8 end
        )
      end
    ) as finer
) as k
where not c.is_inherited
  and (m.is_money and c.family in ('float', 'money')
  or c.family = 'float'
    and not o.is_key
    and (
      c.last_word in ('rate', 'percent', 'percentage', 'pct', 'discount', 'vat', 'commission', 'interest')
      or cardinality(c.words) = 1 and c.name ~* '((tax|vat|interest|exchange|currency)rate|discount|discountpct|commission)$'
    )
    -- measurements are not more exact than a float
    and not c.words && array[
      'heart', 'pulse', 'frame', 'sample', 'sampling', 'refresh', 'bit', 'baud', 'cpu', 'memory', 'disk', 'battery',
      'error',
      'success', 'failure', 'hit', 'click', 'bounce', 'progress', 'humidity', 'flow'
    ])
order by c.object
