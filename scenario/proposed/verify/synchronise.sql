-- Verify sales:synchronise on pg. Can be run again: it only reads.
begin;
select 1 / (count(*) / 8) from pg_catalog.pg_trigger as t
where t.tgname ~ '^migration_(insert|update|delete|truncate)$' and t.tgenabled = 'A';
rollback;
