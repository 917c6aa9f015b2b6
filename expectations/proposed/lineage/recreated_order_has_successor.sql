-- title: Recreated order has no successor
-- severity: warning
-- key: order_id
-- why: The status says that a later order replaced this one, but no later order is connected with it by references. The
--   nightly job may have stopped half-way. The campaign has then ended without notice.
-- limitations: that an order is missing. The word recreated can also mark the new order, and tonight's recreation may
--   be yet to come.
-- highlight: order_status
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount
from sales.orders as o
join (
  with recursive
    -- orders with one first ancestor
    lineage as materialized (
      select first_ancestor_id, max(order_id) as last_id,
        max(order_id) filter (where order_status = 'recreated') = max(order_id) as ends_recreated
      from sales.orders
      where first_ancestor_id is not null
      group by first_ancestor_id
    ),
    -- Lineages that are one campaign, because an order of the one is the ancestor in the other. They are few.
    link as materialized (
      select o.first_ancestor_id as one, d.first_ancestor_id as other
      from lineage as d
      join sales.orders as o on o.order_id = d.first_ancestor_id and o.first_ancestor_id <> d.first_ancestor_id
      where (select bool_or(ends_recreated) from lineage)
    ),
    node as materialized (
      select l.first_ancestor_id, l.last_id, row_number() over (order by l.last_id)::int as i
      from lineage as l
      where l.first_ancestor_id in (select one from link union all select other from link)
    ),
    edge as materialized (
      select a.i as one, b.i as other
      from link as k
      join node as a on a.first_ancestor_id = k.one
      join node as b on b.first_ancestor_id = k.other
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
  select e.first_ancestor_id, e.last_id
  from (
    select array_agg(l.first_ancestor_id) as ancestors, array_agg(l.last_id) as last_ids
    from lineage as l
    left join node as n on n.first_ancestor_id = l.first_ancestor_id
    left join (
      select t.i, t.latest
      from (select latest from round order by latest desc limit 1) as r
      cross join lateral unnest(r.latest) with ordinality as t (latest, i)
    ) as t on t.i = n.i
    left join node as successor on successor.i = t.latest and successor.last_id > l.last_id
    where l.ends_recreated
      and successor.i is null
  ) as a
  cross join lateral unnest(a.ancestors, a.last_ids) as e (first_ancestor_id, last_id)
) as l on l.first_ancestor_id = o.first_ancestor_id and l.last_id = o.order_id
where o.order_status = 'recreated'
order by o.order_id
