-- title: Duplicate key in original delivery arguments
-- severity: warning
-- key: order_id
-- requires: sales_old.delivery_texts.args_text
-- why: Old applications read the arguments as they were written. New applications read jsonb, which keeps the last of
--   two equal keys. A program that takes the first value delivers differently.
-- limitations: that the values differ. Equal values can be repeated, too.
select o.order_id, o.customer_id
from sales.orders as o
join sales_old.delivery_texts as t on t.delivery_id = o.delivery_id
where case
  -- An object with two keys has two colons.
  when t.args_text like '%:%:%' and json_typeof(t.args_text::json) = 'object'
  then (select count(*) > count(distinct k.name collate "C") from json_object_keys(t.args_text::json) as k (name))
end
order by o.order_id
