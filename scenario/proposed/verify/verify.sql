-- Verify sales:verify on pg
begin;
select 1 / count(*) from migration.step as s where s.name = 'verify';
rollback;
