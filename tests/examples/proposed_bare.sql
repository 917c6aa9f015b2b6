-- Takes from the proposed tables everything that rejects rows; types stay.
do $$
declare
  -- constraints before the columns that are not null for them
  statements text[] := array(
    with tab as (
      select c.oid, c.oid::regclass as name from pg_class as c
      where c.relnamespace in ('sales'::regnamespace, 'sales_private'::regnamespace) and c.relkind = 'r'
    )
    select s.statement
    from (
      select 1 as step, format('alter table %s drop constraint if exists %I cascade', t.name, c.conname) as statement
      from tab as t join pg_constraint as c on c.conrelid = t.oid and c.contype in ('c', 'f', 'p', 'u')
      union all
      select 2, format('drop index if exists %s', i.indexrelid::regclass)
      from tab as t join pg_index as i on i.indrelid = t.oid and i.indisunique
      where not exists (select from pg_constraint as c where c.conindid = i.indexrelid)
      union all
      select 3, format('drop trigger %I on %s', g.tgname, t.name)
      from tab as t join pg_trigger as g on g.tgrelid = t.oid and not g.tgisinternal
      union all
      select k.step, format('alter table %s alter %I drop %s', t.name, a.attname, k.what)
      from tab as t
      join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0
      cross join lateral (
        values (4, 'expression', a.attgenerated <> ''), (4, 'identity', a.attidentity <> ''),
          (5, 'not null', a.attnotnull)
      ) as k (step, what, is_there)
      where k.is_there
    ) as s
    order by s.step
  );
  statement text;
begin
  foreach statement in array statements loop
    execute statement;
  end loop;
end
$$
