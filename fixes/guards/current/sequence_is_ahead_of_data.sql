-- title: Statement moves sequences beyond existing ids
-- protects: schema.sequence_is_ahead_of_data
-- requires: key customers.customer_id, key orders.order_id
-- assumes: ids that an application invents stay below the next number of the sequence; no guard can enforce that. A
--   sequence only moves forward, while no other session can draw from it.

-- refuses:
-- no row: the statement moves sequences that are behind
select where false

-- there:
-- The last value of a sequence that was set but not used since is NULL here. The statement then runs again, without effect.
select not exists (
  select
  from (
    select 'orders'::regclass as tab, 'order_id' as col, max(order_id)::numeric as greatest_id, min(order_id)::numeric as least_id
    from orders
    union all
    select 'customers'::regclass, 'customer_id', max(customer_id)::numeric, min(customer_id)::numeric
    from customers
  ) as k
  -- include: sequences_of_keys
  cross join lateral (select coalesce(pg_sequence_last_value(q.seqrelid) + q.seqincrement, q.seqstart) as id) as next
  where case when q.seqincrement > 0 then k.greatest_id >= next.id else k.least_id <= next.id end
)

-- statement:
do $do$
declare
  feed record;
  taken numeric;
  next numeric;
begin
  for feed in
    select format('%I.%I', n.nspname, c.relname) as sequence, q.seqincrement as step, k.tab, k.col
    from (values ('orders'::regclass, 'order_id'), ('customers'::regclass, 'customer_id')) as k (tab, col)
    -- include: sequences_of_keys
    join pg_catalog.pg_class as c on c.oid = s.oid
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    order by 1, 3
  loop
    -- Changes nothing, but locks the sequence: it waits for open transactions that used it, and blocks nextval until this
    -- transaction ends. Otherwise a number used meanwhile could be returned again.
    execute format('alter sequence %s increment by %s', feed.sequence, feed.step);
    execute format('select %s(%I) from %s', case when feed.step > 0 then 'max' else 'min' end, feed.col, feed.tab)
    into taken;
    execute format('select case when is_called then last_value + %s else last_value end from %s', feed.step, feed.sequence)
    into next;
    if taken is not null and (taken - next) * sign(feed.step) >= 0 then
      perform setval(feed.sequence, (next + feed.step * ceil((taken - next) / feed.step))::bigint);
    end if;
  end loop;
end
$do$
