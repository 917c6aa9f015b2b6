-- title: Delivery arguments without a script
-- severity: warning
-- key: order_id
-- why: The order has delivery arguments, if only an empty object, but names no script that uses them. The script was
--   removed or never set.
-- highlight: script_name
select o.order_id, o.customer_id, d.script_name, d.args
from sales.orders as o
join sales.deliveries as d on d.delivery_id = o.delivery_id
where jsonb_typeof(d.args) <> 'null'
  and coalesce(btrim(d.script_name, E' \t\n\r\f\x0b'), '') = ''
order by o.order_id
