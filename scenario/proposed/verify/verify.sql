-- Verify sales:verify on pg. Can be run again: it only reads.
begin;
select 1 / count(*) from migration.step as s where s.name = 'verify';
rollback;
