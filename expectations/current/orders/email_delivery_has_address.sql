-- title: Delivery by e-mail without a valid address
-- severity: warning
-- key: order_id
-- why: The leads of this order are sent by e-mail to an address that is not there or cannot be one. They
--   are bought, sent, and lost.
-- highlight: delivery_script_args
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
where o.delivery_script_name::text = 'email_delivery'
  and case
    when json_typeof(d.args) = 'object' and json_typeof(d.args -> 'email_address') = 'string'
    then d.args ->> 'email_address'
        ~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
      and not (length(d.args ->> 'email_address') > 65 and split_part(d.args ->> 'email_address', '@', 2) ~ '[^.]{64}')
  end is not true
order by o.order_id
