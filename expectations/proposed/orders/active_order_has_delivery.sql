-- title: Active order without a delivery script
-- severity: warning
-- key: order_id
-- why: The order is active but names no delivery script, so that no script delivers its leads.
-- limitations: that leads are lost. They may be delivered without a script.
-- highlight: script_name
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount, d.script_name
from sales.orders as o
left join sales.deliveries as d on d.delivery_id = o.delivery_id
where o.order_status = 'active'
  and coalesce(btrim(d.script_name, E' \t\n\r\f\x0b'), '') = ''
order by o.order_id
