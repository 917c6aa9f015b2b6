-- after lineage.order_ref_is_first_ancestor: an order's ancestor is its first ancestor only after that fix
-- after customers.email_is_unique: a merge can show that the two customers are one
-- after customers.no_duplicate: a merge can show that the two customers are one
-- assumes: the data does not say which of the two is wrong, the reference or the customer.
-- leave: one customer may still be charged for, and shown, orders of the other.

-- option reroot: the reference is wrong: the order becomes the first order of its own lineage. Orders of its customer
--   that lead to it reference it
-- update orders by order_id:
-- The chains after the change. Usually each chain is one order. Where some ancestors are not the first, orders behind
-- them get a first ancestor.
select o.order_id, e.order_id as order_ref, e.order_id as unit
from (
  select array_agg(n.order_id) as ids, array_agg(n.order_ref) as refs
  from (
    select l.order_id, coalesce(max(l.order_id) filter (where l.named), min(l.order_ref)) as order_ref
    from (
      select v.order_id, v.order_ref, true as named
      from violation as v
      union all
      select o.order_id, o.order_ref, false as named
      -- include: behind_others
    ) as l
    group by l.order_id
  ) as n
) as n
cross join lateral order_audit.chain(n.ids, n.refs) as c
join orders as o on o.order_id = c.id
join orders as e on e.order_id = c.last
where c.beyond = c.last
  and o.customer_id = e.customer_id;

-- option move_to_root_customer: the customer is wrong: the order moves to the customer of its first ancestor, and so
--   do orders that reference it. In a cycle the smallest id counts as first. Another customer is charged
-- update orders by order_id:
-- Usually each chain is one order. Where some ancestors are not the first, orders behind them move too, or their
-- customers would differ. Orders without a customer do not differ. If the chain ends in a first ancestor of that
-- customer, they reference it, as lineage.order_ref_is_first_ancestor requires.
select o.order_id, m.customer_id, coalesce(r.order_id, o.order_ref) as order_ref, c.last as unit
from (
  select array_agg(n.order_id) as ids, array_agg(n.order_ref) as refs
  from (
    select v.order_id, v.order_ref
    from violation as v
    union
    select o.order_id, o.order_ref
    from (select distinct order_ref from orders) as named
    join orders as a on a.order_id = named.order_ref and a.order_ref is distinct from a.order_id
    join orders as o on o.order_ref = a.order_id
    where o.customer_id is not null
  ) as n
) as n
cross join lateral order_audit.chain(n.ids, n.refs) as c
join orders as o on o.order_id = c.id
join orders as e on e.order_id = c.last
left join orders as a on a.order_id = c.beyond
cross join lateral (select coalesce(a.customer_id, e.customer_id) as customer_id) as m
left join orders as r
  on r.order_id = a.order_ref and r.order_ref = r.order_id and r.customer_id = m.customer_id
where o.customer_id <> m.customer_id;
