-- A part of prepare.sql, which runs it once.
-- What was left for later: rows in quarantine whose faults are gone by now, and rows that both sides held at once.

create view migration.quarantined as
  select 'customers' as tab, q.customer_id as id from migration.quarantined_customer as q
  union all
  select 'orders', q.order_id from migration.quarantined_order as q;

-- Copy the next of these rows, by number: those that are pending or without a fault (`tried`). Bring the reasons of the
-- others up to date. One pass over all judges each row once: who admits a customer or a first ancestor
-- admits the orders that waited for it. `last` is null at the end. Locks no row of the old tables.
create function migration.copy_next_left_over(
  the_tab text, after_id bigint, at_most integer, out last bigint, out tried integer
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
  waiting := array(
    (select p.id from migration.pending as p where p.tab = the_tab and p.id > after_id order by p.id limit at_most)
    union
    (
      select q.id from migration.quarantined as q
      where q.tab = the_tab and q.id > after_id order by q.id limit at_most
    )
    order by 1 limit at_most
  );
  with judged as materialized (
    select f.id, f.faults from migration.faults(the_tab, waiting) as f
  ), explained_customers as (
    update migration.quarantined_customer as q
    set reasons = j.faults
    from judged as j
    where the_tab = 'customers' and q.customer_id = j.id and j.faults <> '{}' and q.reasons <> j.faults
  ), explained_orders as (
    update migration.quarantined_order as q
    set reasons = j.faults
    from judged as j
    where the_tab = 'orders' and q.order_id = j.id and j.faults <> '{}' and q.reasons <> j.faults
  )
  select array(
    select j.id from judged as j where j.faults = '{}'
    union
    select p.id from migration.pending as p where p.tab = the_tab and p.id = any(waiting)
    order by 1
  ) into ready;
  perform migration.copy_to_new(the_tab, ready) where ready <> '{}';
  last := waiting[cardinality(waiting)];
  tried := cardinality(ready);
end
$$;

-- Copy one row if it is pending: this merges the change of an old application.
create function migration.copy_if_pending(the_tab text, the_id bigint) returns void
language plpgsql
as $$
begin
  if exists (select from migration.pending as p where p.tab = the_tab and p.id = the_id) then
    perform migration.copy_to_new(the_tab, array[the_id]);
  end if;
end
$$;

-- Copy all pending rows, before a step after which one side is the only one that applications read or write.
create function migration.copy_all_pending() returns void
language plpgsql
as $$
declare
  part record;
begin
  for part in
    select p.tab, array_agg(p.id order by p.id) as ids from migration.pending as p group by p.tab order by p.tab
  loop
    perform migration.copy_to_new(part.tab, part.ids);
  end loop;
  if exists (select from migration.pending) then
    raise lock_not_available using message = 'pending rows are locked by another session: run it again';
  end if;
end
$$;
