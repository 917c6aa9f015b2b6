-- title: Delivery arguments not a JSON object
-- severity: warning
-- key: order_id
-- why: Scripts look up their arguments by name. A list, text or number has no names, so a script finds no argument.
-- highlight: args
select d.order_id, d.script_name, d.args
from sales.order_deliveries as d
where jsonb_typeof(d.args) not in ('object', 'null')
order by d.order_id
