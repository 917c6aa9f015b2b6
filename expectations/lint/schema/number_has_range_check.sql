-- title: Number without a range check
-- severity: warning
-- key: object
-- why: A wrong sign is stored like any other number, and so is a NaN, where the type has one. One NaN makes every sum
--   that includes it NaN.
with number as (
  select c.*, r.schema, r.quoted as quoted_table, r.name as table_name, s.source, s.is_sampled,
    c.words && array['balance', 'profit', 'net', 'delta', 'change', 'adjustment', 'diff', 'difference', 'credit', 'debit']
    or cardinality(c.words) = 1 and c.name ~* '(balance|profit)$'
    -- entries of a ledger are negative where something is taken
    or r.is_ledger as is_signed,
    -- a numeric with a precision excludes infinity
    c.family = 'float' or c.family = 'numeric' and c.typmod = -1 as has_infinity,
    c.family in ('float', 'numeric') as has_nan
  from table_column as c
  join relation as r on r.oid = c.relation
  join column_role as o on o.relation = c.relation and o.attnum = c.attnum
  join sample as s on s.relation = c.relation
  where c.family in ('integer', 'numeric', 'float', 'money')
    -- a parent's check holds for its children
    and not c.is_inherited
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
  case when n.is_signed then 'warning' else 'info' end as severity,
  format('no CHECK excludes %s from column %s (%s)', b.what, n.object, n.type_name) as message,
  jsonb_build_object('type', n.type_name) as evidence,
  case
    when n.is_signed then k.add_constraint || E' not valid;\n' || k.validate_constraint
    else format('may %s be negative? If not, add a CHECK that excludes %s', n.object, b.what)
  end as suggestion,
  case when n.is_signed then 'statement' else 'redesign' end as remedy,
  jsonb_build_array(
    jsonb_build_object(
      'where', array['some below zero'], 'remedy', 'redesign',
      'comment', 'some rows are below zero: if that is wrong, run this after correcting them',
      'suggestion', k.add_constraint || ' not valid'
    ),
    jsonb_build_object(
      'where', array['below zero'], 'remedy', 'redesign',
      'suggestion', format('are the negative values of %s right? If not, correct them and add a CHECK', n.object)
    ),
    jsonb_build_object(
      'where', array['NaN or infinite'], 'remedy', case when n.is_signed then 'statement' else 'redesign' end,
      'comment', format('some rows violate the constraint; after correcting them, run: %s', k.validate_constraint),
      'suggestion', k.add_constraint || ' not valid'
    ),
    jsonb_build_object(
      'where', array['none below zero'], 'remedy', 'statement',
      'suggestion', k.add_constraint || E' not valid;\n' || k.validate_constraint
    )
  ) as instead,
  jsonb_build_object('from', n.source)
  || case when n.is_sampled then jsonb_build_object('sampled rows', 'count(*)') else '{}' end
  || case
    when n.is_signed then '{}'
    else jsonb_build_object(
      'below zero', u.below,
      'evidence', format(
        'jsonb_strip_nulls(jsonb_build_object(''none below zero'', case when count(t.%1$s) >= 5 and %2$s = 0 then true end, '
        -- a few among many are mistakes, and many are meant
        '''some below zero'', case when %2$s > 0 and %2$s * 10 <= count(t.%1$s) then true end, '
        '''severity'', case when count(t.%1$s) >= 5 and %2$s * 10 <= count(t.%1$s) then ''warning'' end))',
        n.quoted, u.below
      )
    )
  end
  || case
    when n.has_nan
    then jsonb_build_object('NaN or infinite', format('count(*) filter (where t.%1$s = ''NaN'' or %2$s)', n.quoted,
      case
        when n.has_infinity then format('t.%1$s in (''infinity'', ''-infinity'')', n.quoted)
        else 'false'
      end
    ))
    else '{}'
  end as probe
from number as n
cross join lateral (
  select format(
      'count(*) filter (where t.%s < %s)', n.quoted, case when n.family = 'money' then '0::money' else '0' end
    ) as below
) as u
cross join lateral (
  select concat_ws(
    case when n.has_infinity then ', ' else ' and ' end,
    case when not n.is_signed then 'negative numbers' end,
    case when n.has_infinity then 'NaN and infinity' when n.has_nan then 'NaN' end
  ) as what
) as b
cross join lateral (
  select case
      when n.is_signed then format('%1$s > ''-infinity'' and %1$s < ''infinity''', n.quoted)
      when n.has_nan then format('%1$s >= 0 and %1$s < ''infinity''', n.quoted)
      when n.family = 'money' then format('%s >= 0::money', n.quoted)
      else format('%s >= 0', n.quoted)
    end as condition,
    left(n.table_name || '_' || n.name, 54) || '_in_range' as name
) as w
cross join lateral (
  select format('alter table %s add constraint %I check (%s)', n.quoted_table, w.name, w.condition) as add_constraint,
    format('alter table %s validate constraint %I', n.quoted_table, w.name) as validate_constraint
) as k
where b.what <> ''
  and not exists (
    select
    from table_constraint as t
    -- tests for NULL do not limit the range
    cross join lateral (
      select regexp_replace(
        regexp_replace(t.definition, '\(?("[^"]+"|\w+)\)? IS (NOT )?NULL', '', 'g'), 'num_(non)?nulls\([^()]*\)', '', 'g'
      ) as text
    ) as w
    where t.relation = n.relation
      and t.kind = 'c'
      and n.attnum = any(t.attnums)
      and (position(n.quoted in w.text) > 0 or w.text ~ '\mVALUE\M')
      and w.text ~ case when n.is_signed then '[<>=]|\w\(' else '(?<!<)>|<(?!>)|=|^CHECK \(+[\w.]+\(' end
  )
order by n.object
