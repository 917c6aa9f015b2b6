-- title: Money in an unsuitable type
-- severity: critical
-- key: object
-- why: A binary float cannot hold most cents: sums depend on the order of rows, equal amounts compare as different,
--   and NaN and infinity get in. The type money depends on each session's locale, and keeps no currency.
select c.object,
  case when m.is_money then 'critical' else 'info' end as severity,
  case
    when c.family = 'money' then format('%s is of type money: its value depends on lc_monetary', c.object)
    when m.is_money then format('%s holds money in %s, which cannot hold most cents', c.object, c.written)
    else format('%s holds a rate in %s, which cannot hold most decimal fractions', c.object, c.written)
  end as message,
  jsonb_build_object('type', c.written) as evidence,
  -- a float goes through text, which is its shortest exact form
  format(
    'alter table %1$s alter column %2$s type numeric(%3$s) using %2$s::%4$snumeric', r.named, c.named,
    case when m.is_money then '14, 2' else '9, 6' end, case when c.family = 'float' then 'text::' else '' end
  ) as suggestion,
  'rewrite' as remedy
from col as c
join relation as r on r.oid = c.relation
join role as o on o.relation = c.relation and o.place = c.place
cross join lateral (select o.looks_like_money and not o.is_key and not o.is_reference as is_money) as m
where m.is_money and c.family in ('float', 'money')
  or c.family = 'float'
    and not o.is_key
    and (
      c.last_word in ('rate', 'percent', 'percentage', 'pct', 'discount', 'vat', 'commission', 'interest')
      or cardinality(c.words) = 1 and c.name ~* '((tax|vat|interest|exchange|currency)rate|discount|discountpct|commission)$'
    )
    -- of what is measured, a float is as good as the measurement
    and not c.words && array[
      'heart', 'pulse', 'frame', 'sample', 'sampling', 'refresh', 'bit', 'baud', 'cpu', 'memory', 'disk', 'battery', 'error',
      'success', 'failure', 'hit', 'click', 'bounce', 'progress', 'humidity', 'flow'
    ]
order by c.object
