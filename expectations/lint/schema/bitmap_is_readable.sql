-- title: Opaque bitmap column
-- severity: info
-- key: object
-- why: What a bit means stands nowhere in the database: not in a query, not in a constraint, not in an index. A
--   wrong one looks like any other.
select c.object,
  format('column %s is a %s: what each bit means stands outside of the database', c.object, c.written) as message,
  jsonb_build_object('type', c.written) as evidence,
  case
    when k.columns is null
    then format('a table with one row for each bit of %s that is set, under a name that says what it means', c.object)
    else format(
      E'create table %1$I.%2$I (%3$s, %7$I smallint not null check (%7$I between 0 and %6$s),'
        ' primary key (%4$s, %7$I), foreign key (%4$s) references %5$s (%4$s));\n'
        'insert into %1$I.%2$I select %8$s, n from %5$s as t cross join generate_series(0, %6$s) as n'
        ' where n < bit_length(t.%9$s) and get_bit(t.%9$s, n) = 1',
      r.schema, left(format('%s_%s', r.name, c.name), 60), k.typed, k.columns, r.named, c.modifier - 1, 'bit_number', k.read,
      c.named
    )
  end as suggestion,
  'redesign' as remedy
from col as c
join relation as r on r.oid = c.relation
left join (
  select t.relation, string_agg(n.named, ', ' order by p.n) as columns, string_agg('t.' || n.named, ', ' order by p.n) as read,
    string_agg(n.named || ' ' || n.written || ' not null', ', ' order by p.n) as typed
  from tie as t
  join col as n on n.relation = t.relation and n.place = any(t.places)
  cross join lateral (select array_position(t.places, n.place) as n) as p
  where t.kind = 'p'
  group by t.relation
) as k on k.relation = r.oid
where c.family = 'bit'
  and c.modifier > 64
order by c.object
