-- title: Unused delivery
-- severity: info
-- key: delivery_id
-- why: No order uses this delivery; it may be left over from orders that were deleted or changed. Its arguments, and
--   the secrets that they reference, are kept without a purpose.
-- limitations: that the delivery is of no use. An order may be about to take it.
select d.delivery_id, d.customer_id, d.script_name, d.created_at
from sales.deliveries as d
where not exists (select from sales.orders as o where o.customer_id = d.customer_id and o.delivery_id = d.delivery_id)
order by d.delivery_id
