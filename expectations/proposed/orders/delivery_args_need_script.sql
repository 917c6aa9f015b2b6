-- title: Delivery arguments without a script
-- severity: warning
-- key: order_id
-- why: Somebody set the delivery up and then removed, or never gave, its script. What was agreed with the
--   customer is still there, and nothing acts on it.
-- highlight: script_name
select d.order_id, d.script_name, d.args
from sales.order_deliveries as d
where jsonb_typeof(d.args) <> 'null'
  and coalesce(btrim(d.script_name, E' \t\n\r\f\x0b'), '') = ''
order by d.order_id
