-- title: Delivery arguments without a script
-- severity: warning
-- key: order_id
-- why: The order has delivery arguments, if only an empty object, but names no script that uses them. The script was
--   removed or never set.
-- highlight: script_name
select d.order_id, d.script_name, d.args
from sales.order_deliveries as d
where jsonb_typeof(d.args) <> 'null'
  and coalesce(btrim(d.script_name, E' \t\n\r\f\x0b'), '') = ''
order by d.order_id
