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
    -- json functions raise at an escape that is no character: read each of those as U+FFFD (as ? where the database
    -- is not UTF-8 and an escape beyond ASCII may have no character in it). Escaped backslashes are first put out of
    -- the way, under U+0001, which cannot stand in JSON text.
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
          replace(o.delivery_script_args::text, '\\', chr(1)), '\\u(0000|(?!00[0-7])[0-9a-fA-F]{4})', '?', 'g'
        ), chr(1), '\\'
      )::json
    end as args
    offset 0
  ) as d
  cross join lateral (
    -- of a key that stands twice, -> gives the last value, as every reader of json does
    select d.args ->> k.name as api_key
    from json_object_keys(case when json_typeof(d.args) = 'object' then d.args else '{}' end) as k (name)
    where translate(lower(k.name), '-_', '') = 'apikey'
      and json_typeof(d.args -> k.name) = 'string'
      and d.args ->> k.name <> ''
  ) as held
  -- few orders name such a key at all; where there are escapes, or letters beyond ASCII, the text alone does not tell
  where strpos(o.delivery_script_args::text, '\') > 0
    or octet_length(o.delivery_script_args::text) > char_length(o.delivery_script_args::text)
    or translate(lower(o.delivery_script_args::text), '-_', '') like '%apikey%'
  window same_key as (partition by held.api_key collate "C")
) as h
where h.customer_id is not null
  and h.least_customer_id <> h.greatest_customer_id
order by h.order_id
