with recursive
  -- Orders whose ancestor is not a root. Only they can be part of a cycle, and they are few.
  astray as materialized (
    select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount,
      a.first_ancestor_id as ancestor_ref
    from sales.orders as o
    join sales.orders as a on a.order_id = o.first_ancestor_id
    where a.first_ancestor_id is distinct from a.order_id
  ),
  step as materialized (
    select distinct order_id, first_ancestor_id
    from astray
    where first_ancestor_id <> order_id
  ),
  node as materialized (
    select order_id, min(first_ancestor_id) as first_ancestor_id, count(*) as refs,
      row_number() over (order by order_id)::int as i
    from step
    group by order_id
  ),
  -- Pointer jumping: target[i] is the node reached from node i after `steps` steps, 0 for none. Each round doubles the
  -- steps. After at least as many steps as nodes, each remaining target is on a cycle, and each node of each cycle is
  -- a target.
  jump (steps, target) as (
    select 1, array_agg(coalesce(ahead.i, 0) order by n.i)
    from node as n
    left join node as ahead on ahead.order_id = n.first_ancestor_id and n.refs = 1
    having count(*) > 0
    union all
    select j.steps * 2, (
      select array_agg(coalesce(j.target[t.at], 0) order by t.i)
      from unnest(j.target) with ordinality as t (at, i)
    )
    from jump as j
    where j.steps < cardinality(j.target)
  ),
  landed as (
    select distinct t.at as i
    from (select target from jump order by steps desc limit 1) as j
    cross join lateral unnest(j.target) as t (at)
  ),
  -- Without a primary key, an order_id can occur twice with different refs and fork the path. Jumping stops there;
  -- paths from and to each fork are followed one by one.
  fork as materialized (
    select order_id
    from node
    where refs > 1
  ),
  after_fork (fork, order_id) as (
    select order_id, order_id from fork
    union
    select w.fork, s.first_ancestor_id from after_fork as w join step as s on s.order_id = w.order_id
  ),
  before_fork (fork, order_id) as (
    select order_id, order_id from fork
    union
    select w.fork, s.order_id from before_fork as w join step as s on s.first_ancestor_id = w.order_id
  ),
  cyclic as (
    select n.order_id
    from node as n
    join landed as l on l.i = n.i
    union
    -- distinct, or the planner would expect billions of rows and reserve memory for them
    select distinct s.order_id
    from step as s
    join after_fork as f on f.order_id = s.order_id
    join before_fork as b on b.order_id = s.first_ancestor_id and b.fork = f.fork
  )
select s.*, c.order_id is not null as on_cycle
from astray as s
left join cyclic as c on c.order_id = s.order_id
