-- Deploy sales:synchronise to pg. Can be run again: where it is done, it changes nothing.
-- [requires: prepare]
-- From here on, a write to one side is copied to the other in the same transaction. Takes SHARE ROW EXCLUSIVE on the
-- current tables, both within one lock timeout of 200 ms, since other writers queue behind it. After a timeout, nothing
-- has changed: run it again.

begin;
set local lock_timeout = '200ms';
set local statement_timeout = '10s';

\ir checks/dropped.sql
\ir checks/tables.sql
\ir checks/lock.sql

do $$
declare
  part record;
begin
  if to_regclass('migration.step') is null then
    raise exception 'the objects of the migration do not exist: deploy prepare first';
  elsif exists (select from migration.step as s where s.name = 'synchronise') then
    raise notice 'synchronise is done already';
    return;
  end if;
  perform pg_temp.lock_tables('{public.customers,public.orders}', 'share row exclusive');
  if exists (select from migration.step as s where s.name = 'out of date') then
    raise exception 'the new tables are not up to date, and other tables reference them'
      using hint = 'roll back all the way: order-audit migrate rollback';
  end if;
  -- sample data has numbers that did not come from the sequence
  perform migration.advance_sequences('public');
  for part in
    select t.tab, e.event, e.rows
    from (values ('customers'), ('orders')) as t (tab)
    cross join (values
      ('insert', 'referencing new table as new_rows'),
      ('update', 'referencing old table as old_rows new table as new_rows'),
      ('delete', 'referencing old table as old_rows'),
      ('truncate', '')
    ) as e (event, rows)
  loop
    execute format(
      'create trigger migration_%2$s after %2$s on public.%1$I %3$s for each statement'
        ' when (%4$s) execute function migration.%1$s_written()',
      part.tab, part.event, part.rows, migration.unless_copying('to_old')
    );
    execute format('alter table public.%I enable always trigger migration_%s', part.tab, part.event);
  end loop;
  create trigger migration_round before insert or update of customer_balance on public.customers
    for each row execute function migration.round_drift();
  alter table public.customers enable always trigger migration_round;
  insert into migration.step (name) values ('synchronise');
end
$$;

commit;
