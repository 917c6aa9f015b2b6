-- title: Delivery arguments not a JSON object
-- severity: warning
-- key: order_id
-- why: Scripts look their arguments up by name. A list, a text or a number has no names: the delivery
--   fails, or runs on defaults.
-- highlight: args
select d.order_id, d.script_name, d.args
from sales.order_deliveries as d
where jsonb_typeof(d.args) not in ('object', 'null')
order by d.order_id
