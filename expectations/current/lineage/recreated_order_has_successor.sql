-- title: Recreated order has no successor
-- severity: warning
-- key: order_id
-- why: The status says that a later order replaced this one, but no later order is connected with it by references. The
--   nightly job may have stopped half-way. The campaign has then ended without notice.
-- limitations: that an order is missing. The word recreated can also mark the new order, and tonight's recreation may
--   be yet to come.
-- highlight: order_status
-- diagram: lineage of order_id
-- connected: orders.order_id, orders.order_ref
-- unguarded: a guard would reject a nightly job that ends an order before it inserts the next one
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
join (
  with recursive
    -- orders with one order_ref
    lineage as materialized (
      select order_ref, max(order_id) as last_id,
        max(order_id) filter (where order_status::text = 'recreated') = max(order_id) as ends_recreated
      from orders
      where order_ref is not null
      group by order_ref
    ),
    -- Lineages that are one campaign, because an order of the one is the ancestor in the other. They are few.
    link as materialized (
      select o.order_ref as one, d.order_ref as other
      from lineage as d
      join orders as o on o.order_id = d.order_ref and o.order_ref <> d.order_ref
      where (select bool_or(ends_recreated) from lineage)
    ),
    node as materialized (
      select l.order_ref, l.last_id, row_number() over (order by l.last_id)::int as i
      from lineage as l
      where l.order_ref in (select one from link union all select other from link)
    ),
    edge as materialized (
      select a.i as one, b.i as other
      from link as k
      join node as a on a.order_ref = k.one
      join node as b on b.order_ref = k.other
    ),
    -- Each node names an order of one other node, which names an order of a further one: after `steps` steps, the way
    -- from node i is at ahead[i], and furthest[i] is the greatest of the nodes before that. Each round takes twice as
    -- many steps. No way is longer than there are nodes: then it is at its end, which names itself, or in a circle.
    way (ahead, furthest, steps) as (
      select array_agg(coalesce(e.one, n.i) order by n.i), array_agg(n.i order by n.i), 1
      from node as n
      left join (select other, min(one) as one from edge group by other) as e on e.other = n.i
      having count(*) > 0
      union all
      select m.ahead, m.furthest, w.steps * 2
      from way as w
      cross join lateral (
        select array_agg(w.ahead[t.ahead] order by t.i) as ahead,
          array_agg(greatest(t.furthest, w.furthest[t.ahead]) order by t.i) as furthest
        from unnest(w.ahead, w.furthest) with ordinality as t (ahead, furthest, i)
      ) as m
      where w.steps < cardinality(w.ahead)
        and exists (select from unnest(w.ahead) as t (i) where w.ahead[t.i] <> t.i)
    ),
    -- latest[i] is the latest of the nodes whose ways end like that of node i. Where keys repeat, a node may name orders
    -- of several nodes: then each round passes it on over each edge and skips as far ahead as the round before, until
    -- nothing changes. So it is the latest of all that are connected.
    round (latest) as (
      select array_agg(t.latest order by t.i)
      from (
        select t.i, max(t.i::int) over (partition by w.furthest[t.ahead]) as latest
        from (select ahead, furthest from way order by steps desc limit 1) as w
        cross join lateral unnest(w.ahead) with ordinality as t (ahead, i)
      ) as t
      having count(*) > 0
      union
      select (
        select array_agg(m.latest order by m.i)
        from (
          select p.i, max(p.latest) as latest
          from (
            select t.i::int, r.latest[t.latest] from unnest(r.latest) with ordinality as t (latest, i)
            union all
            select unnest(array[e.one, e.other, r.latest[e.one], r.latest[e.other]]),
              unnest(array[
                r.latest[r.latest[e.other]], r.latest[r.latest[e.one]],
                r.latest[r.latest[e.other]], r.latest[r.latest[e.one]]
              ])
            from edge as e
          ) as p (i, latest)
          group by p.i
        ) as m
      )
      from round as r
      where (select count(distinct other) < count(*) from edge)
    )
  -- Few lineages end so. The server would expect as many as there are orders, but of an array it expects few values: it
  -- looks their orders up, and makes no hash table of all orders.
  select e.order_ref, e.last_id
  from (
    select array_agg(l.order_ref order by l.order_ref) as refs, array_agg(l.last_id order by l.order_ref) as last_ids
    from lineage as l
    left join node as n on n.order_ref = l.order_ref
    left join (
      select t.i, t.latest
      from (select latest from round order by latest desc limit 1) as r
      cross join lateral unnest(r.latest) with ordinality as t (latest, i)
    ) as t on t.i = n.i
    left join node as successor on successor.i = t.latest and successor.last_id > l.last_id
    where l.ends_recreated
      and successor.i is null
  ) as a
  cross join lateral unnest(a.refs, a.last_ids) as e (order_ref, last_id)
) as l on l.order_ref = o.order_ref and l.last_id = o.order_id
where o.order_status::text = 'recreated'
order by o.order_id
