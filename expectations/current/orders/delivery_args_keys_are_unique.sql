-- title: Delivery arguments name a key twice
-- severity: warning
-- key: order_id
-- why: json keeps both values, readers take the last one, and jsonb drops the other without a word. One of
--   the two was meant.
-- highlight: delivery_script_args
-- allowed_by: schema.json_is_jsonb orders.delivery_script_args
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
  o.delivery_script_name, o.delivery_script_args
from orders as o
cross join lateral (
  -- json functions raise at an escape that is no character: read each of those as U+FFFD (as ? and its digits where
  -- the database is not UTF-8 and an escape beyond ASCII may have no character in it). Escaped backslashes are first
  -- put out of the way, under U+0001, which cannot stand in JSON text.
  select case
    when strpos(o.delivery_script_args::text, '\u') = 0 then o.delivery_script_args::json
    when current_setting('server_encoding') = 'UTF8' then replace(
      regexp_replace(
        replace(o.delivery_script_args::text, '\\', chr(1)),
        '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}',
        '\\ufffd', 'g'
      ), chr(1), '\\'
    )::json
    else replace(
      regexp_replace(
        replace(o.delivery_script_args::text, '\\', chr(1)), '\\u(0000|(?!00[0-7])[0-9a-fA-F]{4})', '?\1', 'g'
      ), chr(1), '\\'
    )::json
  end as args
  offset 0
) as d
where case
  -- two keys take two colons
  when o.delivery_script_args::text like '%:%:%' and json_typeof(d.args) = 'object'
  then (select count(*) > count(distinct k.name collate "C") from json_object_keys(d.args) as k (name))
end
order by o.order_id
