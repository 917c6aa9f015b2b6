-- title: Range without an order check
-- severity: info
-- key: object
-- why: A row whose end lies before its start has a negative length. Reports add it up, and a search for what holds now
--   never finds it.
with word (first, last, may_be_number) as (
  values
    ('start', 'end', true), ('starts', 'ends', false), ('started', 'ended', false), ('started', 'finished', false),
    ('started', 'completed', false), ('started', 'stopped', false), ('begin', 'end', false), ('begins', 'ends', false),
    ('began', 'ended', false), ('from', 'to', false), ('from', 'until', false), ('from', 'till', false),
    ('since', 'until', false), ('min', 'max', true), ('minimum', 'maximum', true), ('low', 'high', true),
    ('lower', 'upper', true), ('opened', 'closed', false), ('opens', 'closes', false), ('admitted', 'discharged', false),
    ('loan', 'due', false), ('loan', 'ret', false), ('loan', 'return', false), ('borrowed', 'returned', false),
    ('rented', 'returned', false), ('birth', 'death', true), ('born', 'died', true), ('checkin', 'checkout', false),
    ('hired', 'fired', false), ('issued', 'expires', false), ('shipped', 'delivered', false),
    ('reported', 'closed', false), ('reported', 'resolved', false), ('opened', 'resolved', false),
    ('purchased', 'retired', false), ('joined', 'left', false), ('enrolled', 'graduated', false)
),
range as (
  select r.object as table_object, r.name as table_name, r.quoted as quoted_table, r.has_children, a.relation,
    a.attnum as first, b.attnum as last, a.name as first_name, b.name as last_name, a.quoted as quoted_first,
    b.quoted as quoted_last, s.source, s.is_sampled,
    row_number() over (partition by a.relation, b.attnum order by a.attnum) as number
  from (
    select a.*, array_replace(a.words, w.first, w.last) as other_words, w.may_be_number
    from table_column as a
    cross join lateral unnest(a.words) as u (word)
    join word as w on w.first = u.word
    where a.family in ('time', 'date') or w.may_be_number and a.family in ('integer', 'numeric', 'float')
    offset 0
  ) as a
  join table_column as b on b.relation = a.relation and b.type = a.type and b.words = a.other_words
  join relation as r on r.oid = a.relation
  join sample as s on s.relation = a.relation
  join column_role as o on o.relation = a.relation and o.attnum = a.attnum
  join column_role as p on p.relation = a.relation and p.attnum = b.attnum
  where not a.is_generated
    and not b.is_generated
    and not a.is_inherited
    and not o.is_reference
    and not p.is_reference
    and not r.is_log
    and a.last_word not in ('id', 'by', 'type', 'status', 'version')
    and (a.relation, a.attnum) not in (select k.relation, k.attnum from implied_foreign_key as k)
    -- a check or an exclusion that names both
    and not exists (
      select
      from table_constraint as t
      where t.relation = a.relation and t.kind in ('c', 'x') and a.attnum = any(t.attnums) and b.attnum = any(t.attnums)
    )
    and not exists (
      select
      from table_constraint as t
      where t.relation = a.relation and t.kind = 'x' and t.definition ~ 'range\('
    )
)
select g.object,
  format('no CHECK keeps %s.%s from lying before %s', g.table_object, g.last_name, g.first_name) as message,
  '{}'::jsonb as evidence,
  format('may %s.%s lie before %s? If not, add a CHECK', g.table_object, g.last_name, g.first_name) as suggestion,
  'redesign' as remedy,
  jsonb_build_array(
    jsonb_build_object(
      'where', array['rows in reverse'],
      'comment', 'some rows violate the constraint: if they are wrong, run this after correcting them',
      'suggestion', g.add_constraint || ' not valid'
    ),
    jsonb_build_object(
      'where', array['all rows agree'], 'remedy', 'statement',
      'suggestion', format(E'%s not valid;\nalter table %s validate constraint %I', g.add_constraint, g.quoted_table, g.name)
    )
  ) as instead,
  jsonb_build_object(
    'from', g.source,
    'evidence', format(
      'jsonb_strip_nulls(jsonb_build_object(''rows with both'', %1$s, ''rows in reverse'', nullif(%2$s, 0), '
      '''all rows agree'', case when %1$s >= 20 and %2$s = 0 then true end, '
      '''severity'', case when %2$s > 0 then ''warning'' end))', g.filled, g.reverse
    ),
    -- where many rows are in reverse, the names mean another thing; equal in all rows, they are copies
    'holds', format('%2$s * 20 <= %1$s and (%1$s = 0 or count(*) filter (where t.%3$s <> t.%4$s) > 0)', g.filled, g.reverse,
      g.quoted_first, g.quoted_last)
  ) as probe
from (
  select g.*, format('%s.(%s, %s)', g.table_object, g.first_name, g.last_name) as object, n.name,
    format('alter table %s add constraint %I check (%s >= %s)', g.quoted_table, n.name, g.quoted_last, g.quoted_first)
      as add_constraint,
    format('count(*) filter (where t.%s < t.%s)', g.quoted_last, g.quoted_first) as reverse,
    format('count(*) filter (where num_nulls(t.%s, t.%s) = 0)', g.quoted_last, g.quoted_first) as filled
  from range as g
  cross join lateral (select left(g.table_name || '_' || g.last_name, 54) || '_ordered' as name) as n
  where g.number = 1
) as g
order by g.object
