-- title: API key that another customer's orders use too
-- severity: warning
-- key: order_id
-- why: A CRM key belongs to one customer. The same one on orders of two customers means that somebody's
--   leads arrive in somebody else's CRM.
select distinct h.order_id, h.order_ref, h.customer_id, h.order_amount, h.delivery_script_name,
  h.least_customer_id, h.greatest_customer_id
from (
  select o.order_id, o.order_ref, o.customer_id, o.order_amount, o.delivery_script_name,
    min(o.customer_id) over same_key as least_customer_id,
    max(o.customer_id) over same_key as greatest_customer_id
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
  cross join lateral (
    select k.value #>> '{}' as api_key
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
  ) as held
  window same_key as (partition by held.api_key)
) as h
where h.customer_id is not null
  and h.least_customer_id <> h.greatest_customer_id
order by h.order_id
