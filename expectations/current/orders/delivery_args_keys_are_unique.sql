-- title: Duplicate key in delivery arguments
-- severity: warning
-- key: order_id
-- why: json keeps all values of a repeated key, and jsonb only the last one, silently. The operators of PostgreSQL
--   read the last one, and other programs may read the first. Where the values differ, only one can be right.
-- limitations: that the values differ. Equal values can be repeated, too.
-- highlight: delivery_script_args
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
  o.delivery_script_name, o.delivery_script_args
from orders as o
cross join lateral (
  -- include: readable_args
  offset 0
) as d
where case
  -- An object with two keys has two colons.
  when o.delivery_script_args::text like '%:%:%' and json_typeof(d.args) = 'object'
  then (select count(*) > count(distinct k.name collate "C") from json_object_keys(d.args) as k (name))
end
order by o.order_id
