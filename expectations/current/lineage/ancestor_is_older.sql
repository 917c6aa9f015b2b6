-- title: Order is older than the ancestor it names
-- severity: warning
-- key: order_id
-- why: Ids are handed out in order, so an ancestor has the smaller one. An order that names a later one was
--   re-pointed or imported wrongly, and a report by first appearance dates the campaign too late.
-- highlight: order_ref
-- diagram: lineage of order_id
-- prefilter: orders as o; select from orders as r join (select customer_id from customers offset 0) as c
--   on c.customer_id = r.customer_id where r.order_id = o.order_ref and r.order_ref = r.order_id
--   and r.customer_id = o.customer_id and r.order_id <= o.order_id
-- prefilter_key: orders.order_id
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
left join orders as a on a.order_id = o.order_ref
where o.order_ref > o.order_id
  and a.order_id is not null
order by o.order_id
