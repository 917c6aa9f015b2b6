-- title: Order references a missing ancestor
-- severity: critical
-- key: order_id
-- why: A report that joins order_ref to order_id omits an order whose ancestor is missing, without an error. The
--   first order of its campaign is unknown.
-- highlight: order_ref
-- allowed_by: schema.reference_has_foreign_key orders.order_ref
-- diagram: lineage of order_id
-- include: reference_is_sound
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
left join orders as a on a.order_id = o.order_ref
where a.order_id is null
order by o.order_id
