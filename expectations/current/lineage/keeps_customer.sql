-- title: Recreation belongs to another customer than its ancestor
-- severity: critical
-- key: order_id
-- why: A recreation continues the order of the same customer. Where the customer differs, one of the two is
--   charged for, and is shown, leads that the other one bought.
-- highlight: customer_id, ancestor_customer_id
-- diagram: lineage of order_id
-- prefilter: orders as o; select from orders as r join (select customer_id from customers offset 0) as c
--   on c.customer_id = r.customer_id where r.order_id = o.order_ref and r.order_ref = r.order_id
--   and r.customer_id = o.customer_id and r.order_id <= o.order_id
-- prefilter_key: orders.order_id
select o.order_id, o.order_ref, o.customer_id, a.customer_id as ancestor_customer_id,
  o.order_status, o.order_amount
from orders as o
left join orders as a on a.order_id = o.order_ref
where a.customer_id <> o.customer_id
  and o.order_ref <> o.order_id
order by o.order_id
