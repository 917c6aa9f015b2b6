-- title: Delivery arguments without a script
-- severity: warning
-- key: order_id
-- why: Somebody set the delivery up and then removed, or never gave, its script. What was agreed with the
--   customer is still there, and nothing acts on it.
-- highlight: delivery_script_name, delivery_script_args
-- allowed_by: schema.optional_columns_have_check orders.delivery_script_name where there is no name
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
  o.delivery_script_name, o.delivery_script_args
from orders as o
where json_typeof(o.delivery_script_args::json) <> 'null'
  and coalesce(btrim(o.delivery_script_name::text, E' \t\n\r\f\x0b'), '') = ''
order by o.order_id
