-- Verify sales_retire:retire on pg. Can be run again: it only reads.
begin;
select 1 / (to_regnamespace('sales_old') is null)::integer;
select 1 / (count(*) = 0)::integer from pg_catalog.pg_class as c
where c.oid in (to_regclass('public.customers'), to_regclass('public.orders')) and c.relkind = 'v';
select 1 / (count(*) = 0)::integer from pg_catalog.pg_constraint as k
where k.connamespace = 'sales'::regnamespace and k.conname like '%\_fit\_old\_columns';
select 1 / (min(i.last_value) >= 1 and max(i.last_value) < 4611686018427387904)::integer
from (
  select s.last_value from sales.customers_customer_id_seq as s
  union all
  select s.last_value from sales.orders_order_id_seq as s
) as i;
rollback;
