-- title: Unknown or unchecked delivery script
-- severity: critical
-- key: order_id
-- why: The list of scripts says what the arguments of each script must contain. This delivery names a script that is
--   not listed, or was checked as another script. Its arguments are therefore not checked.
-- highlight: script_name, checked_as
select o.order_id, o.customer_id, d.script_name, d.checked_as, s.checked_as as listed_as
from sales.orders as o
join sales.deliveries as d on d.delivery_id = o.delivery_id
left join sales.delivery_scripts as s on s.script_name = d.script_name
where s.script_name is null or s.checked_as is distinct from d.checked_as
order by o.order_id
