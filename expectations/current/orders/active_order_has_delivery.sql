-- title: Active order without a delivery script
-- severity: warning
-- key: order_id
-- why: The order is active but names no delivery script, so that no script delivers its leads.
-- limitations: that leads are lost. They may be delivered without a script.
-- highlight: delivery_script_name
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount, o.delivery_script_name
from orders as o
where o.order_status::text = 'active'
  and coalesce(btrim(o.delivery_script_name::text, E' \t\n\r\f\x0b'), '') = ''
order by o.order_id
