-- Revert sales_partition:partition from pg. Can be run again: it leaves a plain table as it is. Not in one transaction.
-- The first partition becomes the plain table sales.orders again; no row is copied. It refuses while another partition
-- has orders. Takes ACCESS EXCLUSIVE for about 50 ms, with a lock timeout of 200 ms; foreign keys are
-- validated afterwards, beside reads and writes. After a timeout, run it again.

set lock_timeout = '200ms';
-- whatever the default of the database or the role
set standard_conforming_strings = on;
set quote_all_identifiers = off;
-- an autovacuum ends for this session, as for the steps
do $$
begin
  perform set_config('deadlock_timeout', '20ms', false) where has_parameter_privilege('deadlock_timeout', 'set');
end
$$;
\ir ../../deploy/checks/lock.sql
\ir ../deploy/parts/blocks.sql
\ir ../deploy/parts/definition.sql
begin;
set local search_path = pg_catalog, pg_temp;
\ir parts/plain.sql
commit;

-- beside reads and writes
do $$
declare
  each record;
begin
  for each in
    select k.conrelid::regclass as tab, k.conname
    from pg_catalog.pg_constraint as k
    where k.contype = 'f' and not k.convalidated and k.confrelid = to_regclass('sales.orders')
    order by k.conrelid::regclass::text, k.conname
  loop
    execute format('alter table %s validate constraint %I', each.tab, each.conname);
    commit;
  end loop;
end
$$;
reset lock_timeout;
reset standard_conforming_strings;
reset quote_all_identifiers;
