-- after orders.status_is_known: a status that only looks unknown can be a live or a closed one
-- after orders.live_order_has_amount: that may cancel a first ancestor
-- after lineage.one_live_order: what a later order has taken over from is not cancelled, but recreated
-- assumes: the first order's end was meant for all that came of it. Nothing in the data says when it ended: before this
--   order was made, or after.
-- leave: these orders go on delivering and charging in the name of one that is over.

-- option cancel: the order is cancelled, as what it came of is over; so are live orders that name it as their ancestor
-- update orders by order_id:
-- Mostly each of these orders is a chain by itself. Where ancestors are left that are not the first, a chain of live
-- orders ends in one that the rule names (and is made to refer to itself, here) or in one that may stay.
select c.id as order_id, 'cancelled' as order_status
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
      where o.order_status::text in ('pending', 'active', 'paused')
    ) as l
    group by l.order_id
  ) as n
) as n
cross join lateral order_audit.chain(n.ids, n.refs) as c
where c.beyond = c.last;
