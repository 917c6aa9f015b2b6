-- title: Order is older than its ancestor
-- severity: warning
-- key: order_id
-- why: Ids are handed out in order, so an ancestor has the smaller one. An order that names a later one was
--   re-pointed or imported wrongly, and a report by first appearance dates the campaign too late.
-- highlight: order_ref
-- diagram: lineage of order_id
-- include: reference_is_sound
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
left join orders as a on a.order_id = o.order_ref
where o.order_ref > o.order_id
  and a.order_id is not null
order by o.order_id
