-- title: Delivery arguments rejected by jsonb
-- severity: critical
-- key: order_id
-- why: json accepts two kinds of escapes that jsonb rejects: U+0000 and unpaired surrogates. One such row aborts the
--   conversion of the whole table. Queries that read the value can fail too.
-- highlight: delivery_script_args
-- allowed_by: schema.json_is_jsonb orders.delivery_script_args
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
  o.delivery_script_name, o.delivery_script_args
from orders as o
where strpos(o.delivery_script_args::text, '\u') > 0
  -- Escaped backslashes are first replaced by U+0001, which JSON text cannot contain: a u after one is not an escape.
  -- The pattern then finds U+0000, a high surrogate without a low one, and a low one without a high one.
  and replace(o.delivery_script_args::text, '\\', chr(1))
    ~ '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}'
order by o.order_id
