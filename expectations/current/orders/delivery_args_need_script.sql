-- title: Delivery arguments without a script
-- severity: warning
-- key: order_id
-- why: The order has delivery arguments, if only an empty object, but names no script that uses them. The script was
--   removed or never set.
-- highlight: delivery_script_name, delivery_script_args
-- allowed_by: schema.optional_columns_have_check orders.delivery_script_name where the name is NULL
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
  o.delivery_script_name, o.delivery_script_args
from orders as o
where json_typeof(o.delivery_script_args::json) <> 'null'
  and coalesce(btrim(o.delivery_script_name::text, E' \t\n\r\f\x0b'), '') = ''
order by o.order_id
