-- title: Order references a missing ancestor
-- severity: critical
-- key: order_id
-- why: Lineage reports join order_ref to order_id. They omit an order whose ancestor is missing, without an error.
--   The order's campaign can no longer be identified.
-- highlight: order_ref
-- allowed_by: schema.reference_has_foreign_key orders.order_ref
-- diagram: lineage of order_id
-- include: reference_is_sound
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
left join orders as a on a.order_id = o.order_ref
where a.order_id is null
order by o.order_id
