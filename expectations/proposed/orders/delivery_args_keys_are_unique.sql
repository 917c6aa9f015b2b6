-- title: Duplicate key in original delivery arguments
-- severity: warning
-- key: order_id
-- why: Old applications read the arguments as they were written. New applications read jsonb, which keeps the last of
--   two equal keys. A program that takes the first value delivers differently.
-- limitations: that the values differ. Equal values can be repeated, too.
select t.order_id
from sales_private.delivery_originals as t
where case
  -- An object with two keys has two colons.
  when t.args_text like '%:%:%' and json_typeof(t.args_text::json) = 'object'
  then (select count(*) > count(distinct k.name collate "C") from json_object_keys(t.args_text::json) as k (name))
end
order by t.order_id
