-- Deploy sales:prepare to pg
-- [requires: expand]
-- What it takes to keep the current tables and the proposed ones equal: functions, the quarantine, the views that old
-- applications will read. It locks nothing of the current tables, and does nothing yet.

begin;
set local lock_timeout = '2s';
set local statement_timeout = '1min';

\ir prepare/tables.sql
\ir prepare/faults.sql
\ir prepare/quarantine.sql
\ir prepare/write.sql
\ir prepare/to_new.sql
\ir prepare/to_old.sql
\ir prepare/views.sql
\ir prepare/backfill.sql
\ir prepare/compare.sql
\ir prepare/carry.sql

insert into migration.step (name) values ('prepare');

commit;
