-- title: Delivery to a CRM without its API key
-- severity: warning
-- key: order_id
-- why: The customer's CRM refuses what comes without a key. The leads of this order are bought and rejected
--   at the door.
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
  o.delivery_script_name, o.delivery_script_args
from orders as o
cross join lateral (
  -- json functions raise at an escape that is no character: read each of those as U+FFFD. Escaped backslashes
  -- are first put out of the way, under U+0001, which cannot stand in JSON text.
  select case
    when o.delivery_script_args::text ~ '\\u(0000|[dD][89a-fA-F])' then replace(
      regexp_replace(
        replace(o.delivery_script_args::text, '\\', chr(1)),
        '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}',
        '\\ufffd', 'g'
      ), chr(1), '\\'
    )::json
    else o.delivery_script_args::json
  end as args
  offset 0
) as d
where o.delivery_script_name::text = 'custom_crm'
  and not exists (
    select
    from (
      -- the last value of a repeated key is the one that is read
      select distinct on (m.key) m.key, m.value
      from json_each(case when json_typeof(d.args) = 'object' then d.args else '{}' end)
        with ordinality as m (key, value, place)
      order by m.key, m.place desc
    ) as k
    where translate(lower(k.key), '-_', '') = 'apikey'
      and json_typeof(k.value) = 'string'
      and k.value #>> '{}' <> ''
  )
order by o.order_id
