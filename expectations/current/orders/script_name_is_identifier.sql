-- title: Invalid delivery script name
-- severity: info
-- key: order_id
-- why: Scripts are found by name. With capitals, spaces and other characters, one script can have two spellings,
--   which reports count separately.
-- highlight: delivery_script_name
-- hidden_by: schema.repeated_text_is_a_table orders.delivery_script_name
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount, o.delivery_script_name
from orders as o
where o.delivery_script_name::text !~ '^[a-z][a-z0-9_]*$'
order by o.order_id
