-- Verify sales:prepare on pg. Can be run again: it only reads.
begin;
select b.bits from sales_old.schedule_bits as b where false;
select s.tab, s.side, s.id, s.line from migration.comparable_row as s where false;
select 1 / count(*) from migration.step as s where s.name = 'prepare';
rollback;
