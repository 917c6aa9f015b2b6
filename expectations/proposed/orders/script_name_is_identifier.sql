-- title: Invalid delivery script name
-- severity: info
-- key: order_id
-- why: Scripts are found by name. With capitals, spaces and other characters, one script can have two spellings,
--   which reports count separately.
-- highlight: script_name
select o.order_id, o.customer_id, d.script_name
from sales.orders as o
join sales.deliveries as d on d.delivery_id = o.delivery_id
where d.script_name !~ '^[a-z][a-z0-9_]*$'
order by o.order_id
