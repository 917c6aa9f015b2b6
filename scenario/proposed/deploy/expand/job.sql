-- A part of expand.sql, which runs it once.
-- The nightly job.

-- The last order of each lineage, if it is live and the balance exceeds its amount. The job leaves lineages that it has
-- recreated on its day.
create view sales.orders_due with (security_invoker = true) as
  select o.order_id, o.customer_id, o.first_ancestor_id, o.amount, c.balance
  from sales.orders as o
  join sales.customers as c on c.customer_id = o.customer_id
  where o.order_status in ('pending', 'active', 'paused') and c.balance > o.amount
    and not exists (
      select from sales.orders as later
      where later.first_ancestor_id = o.first_ancestor_id and later.order_id > o.order_id
    );
comment on view sales.orders_due is
  'Orders that the next nightly job recreates: the last of a lineage, live, and covered by the balance.';

-- What a run has left. An order of the present business day waits for the next one.
create view sales.orders_overdue with (security_invoker = true) as
  select d.order_id, d.customer_id, d.first_ancestor_id
  from sales.orders_due as d
  join sales.orders as o on o.order_id = d.order_id
  where (o.created_at is null or sales.business_day(o.created_at) < sales.business_day(now()))
    and not exists (
      select from sales.recreations as r
      where r.first_ancestor_id = d.first_ancestor_id and r.business_day >= sales.business_day(now())
    );
comment on view sales.orders_overdue is
  'Due orders of earlier business days that no nightly job has recreated on the present one.';

-- A separate function: during the migration, `prepare` replaces it to lock old rows, too.
create function sales.lock_customer(the_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from sales.customers as c where c.customer_id = the_id for no key update;
end
$$;
comment on function sales.lock_customer(bigint) is 'Locks a customer until the end of the transaction.';

-- With the owner's privileges, so that the job's role needs no others.
create function sales.recreate(old_order_id bigint, the_day date default sales.business_day(now())) returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  due record;
  made bigint;
begin
  -- locks the balance, and the state of the order
  perform sales.lock_customer((select o.customer_id from sales.orders as o where o.order_id = old_order_id));
  perform from sales.orders as o where o.order_id = old_order_id for no key update;
  select d.customer_id, d.first_ancestor_id, d.amount, d.balance, c.entry_number, o.schedule_id, o.delivery_id,
    o.order_status
  into due
  from sales.orders_due as d
  join sales.orders as o on o.order_id = d.order_id
  join sales.customers as c on c.customer_id = d.customer_id
  where d.order_id = old_order_id
    and not exists (
      select from sales.recreations as r where r.first_ancestor_id = d.first_ancestor_id and r.business_day >= the_day
    );
  if not found then
    return null;
  end if;
  -- first, because a guard of the old table allows one live order in a lineage
  update sales.orders as o set order_status = 'recreated' where o.order_id = old_order_id;
  insert into sales.orders (customer_id, first_ancestor_id, schedule_id, delivery_id, amount, order_status)
  values (due.customer_id, due.first_ancestor_id, due.schedule_id, due.delivery_id, due.amount, due.order_status)
  returning order_id into made;
  -- another error would follow, which names only a constraint
  if made < old_order_id then
    raise object_not_in_prerequisite_state using
      message = format('order %s was inserted with a number above the next one, which is %s', old_order_id, made),
      hint = format(
        'let the sequence continue after it: select setval(''%s'', (select max(order_id) from sales.orders))',
        -- that of the old table from prepare to retire
        coalesce((
          select c.oid::regclass
          from pg_depend as d
          join pg_class as c on c.oid = d.refobjid and c.relkind = 'S'
          where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass
            and d.objid = to_regprocedure('sales_old.next_order_id()')
        ), 'sales.orders_order_id_seq'::regclass)
      );
  end if;
  insert into sales.recreations (
    order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount
  )
  values (
    made, due.first_ancestor_id, old_order_id, the_day, due.customer_id, due.entry_number, due.balance, due.amount
  );
  return made;
end
$$;
comment on function sales.recreate(bigint, date) is
  'Recreates an order that is due on a business day; returns the new number, or null if it is not due.';

-- Two runs meet at a customer's row: the second waits, and then finds nothing due. So neither can deadlock, and each
-- order is recreated once.
create function sales.recreate_for_customer(the_id bigint, the_day date) returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  order_number bigint;
  made bigint := 0;
begin
  perform sales.lock_customer(the_id);
  for order_number in
    select d.order_id from sales.orders_due as d where d.customer_id = the_id order by d.order_id
  loop
    if sales.recreate(order_number, the_day) is not null then
      made := made + 1;
    end if;
  end loop;
  return made;
end
$$;
comment on function sales.recreate_for_customer(bigint, date) is
  'Recreates the orders of a customer that are due on a business day; returns their number.';

-- The job. Without `set` clauses and without the owner's privileges, since either forbids commit; so names are
-- qualified. A failure skips its customer, and is raised at the end. So does a row that another session holds for longer
-- than the caller's lock_timeout, or for a minute. A deadlock, or a concurrent change that asks for a retry, fails a
-- customer only the third time: each try is a transaction, with its own snapshot and locks.
create procedure sales.recreate_due(the_day date default sales.business_day(now()))
language plpgsql
as $$
declare
  customers bigint[];
  customer bigint;
  failed bigint := 0;
  error_found text;
  error_state text;
  error_hint text;
  last_error text;
begin
  if the_day is null
    or the_day not between sales.business_day(pg_catalog.now()) - 1 and sales.business_day(pg_catalog.now()) then
    raise invalid_parameter_value using
      message = pg_catalog.format('%s is neither the present business day nor the one before', coalesce(the_day::text, 'null')),
      hint = pg_catalog.format('the present business day is %s', sales.business_day(pg_catalog.now()));
  end if;
  customers := array(select distinct d.customer_id from sales.orders_due as d order by d.customer_id);
  foreach customer in array customers loop
    for attempt in 1 .. 3 loop
      error_found := null;
      -- a session that holds one customer for long does not keep the others waiting; of this transaction only
      perform pg_catalog.set_config('lock_timeout', '1min', true) where pg_catalog.current_setting('lock_timeout') = '0';
      begin
        perform sales.recreate_for_customer(customer, the_day);
      exception
        when others then
          get stacked diagnostics error_state = returned_sqlstate, error_hint = pg_exception_hint;
          error_found := pg_catalog.concat_ws('; ', sqlerrm, nullif(error_hint, ''));
      end;
      commit;
      -- serialization_failure, deadlock_detected
      exit when error_found is null or error_state not in ('40001', '40P01');
      -- lets the other session go on
      perform pg_catalog.pg_sleep(0.1 * attempt) where attempt < 3;
    end loop;
    if error_found is not null then
      failed := failed + 1;
      last_error := error_found;
      raise warning 'customer %: %', customer, error_found;
    end if;
  end loop;
  if failed > 0 then
    raise exception 'the orders of % of % customers were not recreated; the last error: %',
      failed, pg_catalog.cardinality(customers), last_error
      using hint = 'the others are committed: run it again';
  end if;
end
$$;
comment on procedure sales.recreate_due(date) is
  'The nightly job: recreates all due orders once for a business day, and commits each customer.';
