-- title: Unknown or unchecked delivery script
-- severity: critical
-- key: order_id
-- why: What a script's arguments must hold is said once, where the scripts are listed. A delivery that
--   names another script, or is checked as another one is, has arguments that nobody has looked at.
-- highlight: script_name, checked_as
select d.order_id, d.script_name, d.checked_as, s.checked_as as listed_as
from sales.order_deliveries as d
left join sales.delivery_scripts as s on s.script_name = d.script_name
where s.script_name is null or s.checked_as is distinct from d.checked_as
order by d.order_id
