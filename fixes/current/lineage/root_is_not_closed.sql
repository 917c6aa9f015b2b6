-- after orders.status_is_known: an unknown status may become live, cancelled or expired
-- after orders.live_order_has_amount: that fix may cancel a first ancestor
-- after lineage.one_live_order: a replaced order becomes recreated, not cancelled
-- assumes: the end of the first order was meant for its whole lineage. The data does not say whether it ended before
--   or after this order was created.
-- leave: these orders can continue to deliver and charge, although their first order has ended.

-- option cancel: the order is cancelled like its first ancestor, and so are live orders that reference it
-- update orders by order_id:
-- Usually each chain is one order. Where some ancestors are not the first, a chain of live orders ends in a violation
-- (which references itself here) or in an order that may stay.
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
