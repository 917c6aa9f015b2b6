-- title: Recreated from outdated or ended order
-- severity: warning
-- key: order_id
-- why: Orders are recreated based on their latest state. A recreation of an earlier order restores an amount,
--   schedule or delivery that the customer may have changed since. A recreation of a cancelled or expired order
--   revives what had ended.
-- limitations: that the customer changed the order in between. The values of both may be equal.
-- highlight: predecessor_id, latest_id, status_before where value is not null
select r.order_id, r.first_ancestor_id, r.predecessor_id, r.latest_id, ended.status_after as status_before
from (
  select o.order_id, o.first_ancestor_id, c.predecessor_id, c.created_at, l.latest_id
  from (
    select a.order_id, a.first_ancestor_id,
      lag(a.order_id) over (partition by a.first_ancestor_id order by a.order_id) as latest_id
    from sales.orders as a
  ) as l
  join sales.orders as o on o.order_id = l.order_id
  join sales.recreations as c on c.order_id = o.order_id
) as r
left join lateral (
  -- the predecessor's status just before; changes in the same transaction have the same time
  select h.status_after
  from sales.order_status_changes as h
  where h.order_id = r.predecessor_id and h.created_at < r.created_at
  order by h.change_number desc
  limit 1
) as ended on ended.status_after in ('cancelled', 'expired')
-- Another rule finds a record without a predecessor.
where r.predecessor_id is not null
  and (r.predecessor_id is distinct from r.latest_id or ended.status_after is not null)
order by r.order_id
