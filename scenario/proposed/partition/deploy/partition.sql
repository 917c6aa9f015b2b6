-- Deploy sales_partition:partition to pg. Can be run again: it continues where it stopped; when all is done, it stops
-- with one line. Not in one transaction.
-- Makes sales.orders a table partitioned by range (order_id). The present table becomes its first partition; no row is
-- copied. The setting sales.partition_numbers is the size of a partition in numbers, 10 million without it.
-- Three parts: a constraint that proves the bound of the first partition is validated beside reads and writes; one
-- transaction changes the tables, under ACCESS EXCLUSIVE for about 50 ms, with a lock timeout of 200 ms;
-- then the foreign keys that could not come along are validated beside reads and writes. After a timeout, run it again.

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
\ir parts/blocks.sql
\ir parts/definition.sql
\ir parts/bound.sql
begin;
set local search_path = pg_catalog, pg_temp;
\ir parts/change.sql
\ir parts/functions.sql
\ir parts/restore.sql
commit;
\ir parts/validate.sql
reset lock_timeout;
reset standard_conforming_strings;
reset quote_all_identifiers;
