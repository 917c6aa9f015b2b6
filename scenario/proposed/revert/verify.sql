-- Revert sales:verify from pg
begin;
delete from migration.step where name = 'verify';
commit;
