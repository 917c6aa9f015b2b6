-- A part of prepare.sql, which runs it once.
-- What was left for later: rows in quarantine whose faults are gone by now, and rows that were locked by both sides.

-- Settle the next of these rows, by number: copy those that are pending or without a fault (`tried`), and bring the
-- reasons of the others up to date. One pass over all judges each row once: who admits a customer or a first ancestor
-- admits the orders that waited for it. `last` is null at the end. Locks no row of the old tables.
create function migration.settle_next(
  what text, after_id bigint, at_most integer, out last bigint, out tried integer
)
language plpgsql
set jit = off
-- as for the functions that copy
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  waiting bigint[];
  ready bigint[];
begin
  if what = 'customers' then
    waiting := array(
      (
        select p.id from migration.pending as p
        where p.kind = 'customer' and p.id > after_id order by p.id limit at_most
      )
      union
      (
        select q.customer_id from migration.quarantined_customer as q
        where q.customer_id > after_id order by q.customer_id limit at_most
      )
      order by 1 limit at_most
    );
    with judged as materialized (
      select f.customer_id, f.faults from migration.customer_faults(waiting) as f
    ), explained as (
      update migration.quarantined_customer as q
      set reasons = j.faults
      from judged as j
      where q.customer_id = j.customer_id and j.faults <> '{}' and q.reasons <> j.faults
    )
    select array(
      select j.customer_id from judged as j where j.faults = '{}'
      union
      select p.id from migration.pending as p where p.kind = 'customer' and p.id = any(waiting)
      order by 1
    ) into ready;
    perform migration.put_customers(ready) where ready <> '{}';
  else
    waiting := array(
      (
        select p.id from migration.pending as p
        where p.kind = 'order' and p.id > after_id order by p.id limit at_most
      )
      union
      (
        select q.order_id from migration.quarantined_order as q
        where q.order_id > after_id order by q.order_id limit at_most
      )
      order by 1 limit at_most
    );
    with judged as materialized (
      select f.order_id, f.faults from migration.order_faults(waiting) as f
    ), explained as (
      update migration.quarantined_order as q
      set reasons = j.faults
      from judged as j
      where q.order_id = j.order_id and j.faults <> '{}' and q.reasons <> j.faults
    )
    select array(
      select j.order_id from judged as j where j.faults = '{}'
      union
      select p.id from migration.pending as p where p.kind = 'order' and p.id = any(waiting)
      order by 1
    ) into ready;
    perform migration.put_orders(ready) where ready <> '{}';
  end if;
  last := waiting[cardinality(waiting)];
  tried := cardinality(ready);
end
$$;
