-- after lineage.order_ref_is_first_ancestor: lineages are complete only after that fix
-- after lineage.keeps_customer: all orders of a lineage have one customer only after that fix
-- assumes: ids are assigned in order, so that the smallest id is the oldest order. A finding of
--   schema.sequence_is_ahead_of_data makes this uncertain.
-- leave: reports by first appearance can date these campaigns too late.

-- option reroot_to_oldest: the order with the smallest id becomes the first ancestor of the lineage. All orders of
--   the lineage reference it, as do orders of its customer that lead to them
-- update orders by order_id:
-- The chains after the change. Usually each order is one step from the root. Where some ancestors are not the first,
-- orders behind them get another first ancestor.
select o.order_id, e.order_id as order_ref, e.order_id as unit
from (
  select array_agg(n.order_id) as ids, array_agg(n.order_ref) as refs
  from (
    select l.order_id, coalesce(max(l.first_id), min(l.order_ref)) as order_ref
    from (
      select o.order_id, o.order_ref, min(o.order_id) over (partition by o.order_ref) as first_id
      from (select distinct order_ref from violation) as v
      join orders as o on o.order_ref = v.order_ref
      union all
      select o.order_id, o.order_ref, null as first_id
      -- include: behind_others
    ) as l
    group by l.order_id
  ) as n
) as n
cross join lateral order_audit.chain(n.ids, n.refs) as c
join orders as o on o.order_id = c.id
join orders as e on e.order_id = c.last
where c.beyond = c.last
  -- in the lineage, or leading to it and of the same customer
  and (o.order_ref = e.order_ref or o.customer_id = e.customer_id);
