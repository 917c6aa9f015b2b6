-- title: Invalid delivery script name
-- severity: info
-- key: order_id
-- why: Scripts are found by name. With capitals, spaces and other characters, one script can have two spellings,
--   which reports count separately.
-- highlight: script_name
select d.order_id, d.script_name
from sales.order_deliveries as d
where d.script_name !~ '^[a-z][a-z0-9_]*$'
order by d.order_id
