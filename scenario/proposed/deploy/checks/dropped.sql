-- A part of expand.sql, of the files of the later steps, and of revert/expand.sql. Can be run again: it only reads.
-- No step begins again after the last ones: without the old tables, only the schema sales has the rows. Another table may
-- have one of their names after retire, which has set the start of the identities.

do $$
begin
  if to_regclass('sales.orders') is not null and to_regclass('migration.step') is null and (
    not exists (
      select from pg_catalog.pg_class as c where c.oid = to_regclass('public.orders') and c.relkind in ('r', 'p')
    )
    or exists (
      select from pg_catalog.pg_sequence as s where s.seqstart > 1
        and s.seqrelid in (to_regclass('sales.customers_customer_id_seq'), to_regclass('sales.orders_order_id_seq'))
    )
  ) then
    raise exception 'contract has dropped the old tables already: only the schema sales has their rows';
  end if;
end
$$;
