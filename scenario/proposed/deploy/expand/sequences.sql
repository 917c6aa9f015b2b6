-- A part of expand.sql, which runs it once.
-- How far the sequences of keys have come, for monitoring.

-- Of each identity column of these schemas: its sequence, the number that comes next, and the greatest number in the
-- table. From prepare to retire, the sequences of the old tables number both sides. Then their tables are the old ones once
-- the sides are synchronised, since synchronise sets the sequences, and the new ones after contract. A function, because it
-- reads tables and sequences that it finds in the catalogs.
create function sales.sequence_positions()
returns table (sequence regclass, tab regclass, col name, next_number numeric, greatest_number numeric)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  part record;
begin
  for part in
    with numbered (sequence, tab, col) as (
      select d.objid, d.refobjid, a.attname
      from pg_depend as d
      join pg_attribute as a
        on a.attrelid = d.refobjid and a.attnum = d.refobjsubid and a.attidentity <> '' and not a.attisdropped
      join pg_class as c on c.oid = d.refobjid
      where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype = 'i'
        and c.relnamespace in (to_regnamespace('sales'), to_regnamespace('sales_private'), to_regnamespace('sales_old'))
      union all
      select q.oid, coalesce(
        (
          select g.tgrelid
          from pg_trigger as g
          join pg_proc as p on p.oid = g.tgfoid
          join pg_class as c on c.oid = g.tgrelid
          where g.tgname = 'migration_insert' and p.pronamespace = to_regnamespace('migration') and c.relname = t.tab
        ),
        to_regclass('sales.' || t.tab)
      ), t.col
      from (values ('customers', 'customer_id'), ('orders', 'order_id')) as t (tab, col)
      -- whatever their names are: the functions depend on them
      join pg_depend as d on d.classid = 'pg_proc'::regclass
        and d.objid = to_regprocedure(format('sales_old.next_%s()', t.col)) and d.refclassid = 'pg_class'::regclass
      join pg_class as q on q.oid = d.refobjid and q.relkind = 'S'
    )
    select n.sequence::regclass, n.tab::regclass, n.col, s.seqincrement
    from numbered as n
    join pg_sequence as s on s.seqrelid = n.sequence
    order by 1
  loop
    sequence := part.sequence;
    tab := part.tab;
    col := part.col;
    execute format(
      'select s.last_value + s.is_called::integer * %s::numeric, (select coalesce(max(t.%I), 0) from %s as t) from %s as s',
      part.seqincrement, col, tab, sequence
    ) into next_number, greatest_number;
    return next;
  end loop;
end
$$;
comment on function sales.sequence_positions() is
  'The next number of each key''s sequence, and the greatest number in its table.';
