-- title: Delivery arguments not a JSON object
-- severity: warning
-- key: order_id
-- why: Scripts look their arguments up by name. A list, a text or a number has no names: the delivery
--   fails, or runs on defaults.
-- highlight: delivery_script_args
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
  o.delivery_script_name, o.delivery_script_args
from orders as o
where json_typeof(o.delivery_script_args::json) not in ('object', 'null')
order by o.order_id
