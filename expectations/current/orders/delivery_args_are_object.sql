-- title: Delivery arguments not a JSON object
-- severity: warning
-- key: order_id
-- why: Scripts look up their arguments by name. A list, text or number has no names, so a script finds no argument.
-- highlight: delivery_script_args
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
  o.delivery_script_name, o.delivery_script_args
from orders as o
where json_typeof(o.delivery_script_args::json) not in ('object', 'null')
order by o.order_id
