-- title: Delivery arguments not a JSON object
-- severity: warning
-- key: order_id
-- why: Scripts look up their arguments by name. A list, text or number has no names, so a script finds no argument.
-- highlight: args
select o.order_id, o.customer_id, d.script_name, d.args
from sales.orders as o
join sales.deliveries as d on d.delivery_id = o.delivery_id
where jsonb_typeof(d.args) not in ('object', 'null')
order by o.order_id
