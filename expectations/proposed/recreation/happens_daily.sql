-- title: Missing daily recreation
-- severity: warning
-- key: order_id
-- why: Orders are recreated daily. A gap between an order and the one before it in its lineage is a day without a
--   recreation, and without leads. Days are business days in New York. Orders without a creation time are not judged.
-- limitations: that a recreation was due on the missing day. The order may have been paused, or the balance may not
--   have covered it.
-- highlight: business_day, previous_day
select d.order_id, d.first_ancestor_id, d.customer_id, d.amount, d.created_at, d.business_day, d.previous_day
from (
  select n.order_id, n.first_ancestor_id, n.customer_id, n.amount, n.created_at, n.business_day,
    lag(n.business_day) over (partition by n.first_ancestor_id order by n.order_id) as previous_day
  from (
    select o.order_id, o.first_ancestor_id, o.customer_id, o.amount, o.created_at,
      coalesce(r.business_day, (o.created_at at time zone 'America/New_York')::date) as business_day
    from sales.orders as o
    left join sales.recreations as r on r.order_id = o.order_id
  ) as n
) as d
where d.first_ancestor_id <> d.order_id
  and d.business_day > d.previous_day + 1
order by d.order_id
