-- title: Order references a missing customer
-- severity: critical
-- key: order_id
-- why: No customer can be billed for this order. Reports that join customers omit it.
-- highlight: customer_id
-- allowed_by: schema.reference_has_foreign_key orders.customer_id
-- include: reference_is_sound
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount
from orders as o
left join customers as c on c.customer_id = o.customer_id
where c.customer_id is null
order by o.order_id
