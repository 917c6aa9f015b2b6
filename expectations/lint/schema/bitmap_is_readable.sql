-- title: Opaque bitmap column
-- severity: info
-- key: object
-- why: The type says nothing about the meaning of a bit. Queries, constraints and indexes cannot name it, and a wrong
--   bit looks like any other.
select c.object,
  format(
    'column %s has type %s: the meaning of its bits is defined outside the database', c.object, c.type_name
  ) as message,
  jsonb_build_object('type', c.type_name) as evidence,
  case
    when k.columns is null
    then format('create a table with one row for each set bit of %s, under a name that says its meaning', c.object)
    else format(
      E'create table %1$I.%2$I (%3$s, %7$I smallint not null check (%7$I between 0 and %6$s),'
        ' primary key (%4$s, %7$I), foreign key (%4$s) references %5$s (%4$s));\n'
        'insert into %1$I.%2$I select %8$s, n from %5$s as t cross join generate_series(0, %6$s) as n'
        ' where n < bit_length(t.%9$s) and get_bit(t.%9$s, n) = 1',
      r.schema, left(format('%s_%s', r.name, c.name), 60), k.key_definitions, k.columns, r.quoted, c.typmod - 1,
      'bit_number', k.key_values,
      c.quoted
    )
  end as suggestion,
  'redesign' as remedy
from table_column as c
join relation as r on r.oid = c.relation
left join (
  select t.relation, string_agg(n.quoted, ', ' order by p.n) as columns,
    string_agg('t.' || n.quoted, ', ' order by p.n) as key_values,
    string_agg(n.quoted || ' ' || n.type_name || ' not null', ', ' order by p.n) as key_definitions
  from table_constraint as t
  join table_column as n on n.relation = t.relation and n.attnum = any(t.attnums)
  cross join lateral (select array_position(t.attnums, n.attnum) as n) as p
  where t.kind = 'p'
  group by t.relation
) as k on k.relation = r.oid
where c.family = 'bit'
  and not c.is_inherited
  and c.typmod > 64
order by c.object
