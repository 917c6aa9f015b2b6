-- Verify sales:prepare on pg
begin;
select c.customer_id from sales_old.customers as c where false;
select 1 / count(*) from migration.step as s where s.name = 'prepare';
rollback;
