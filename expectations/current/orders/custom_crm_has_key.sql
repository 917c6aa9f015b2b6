-- title: CRM delivery without an API key
-- severity: warning
-- key: order_id
-- why: A CRM usually rejects deliveries without an API key, and these arguments have none at their top level. The
--   leads of this order may not arrive.
-- limitations: that the delivery fails. The script may have a key from elsewhere.
-- follows_from: orders.delivery_args_are_object
-- highlight: delivery_script_args
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
  o.delivery_script_name, o.delivery_script_args
from orders as o
cross join lateral (
  -- include: readable_args
  offset 0
) as d
where o.delivery_script_name::text = 'custom_crm'
  -- For a repeated key, -> returns the last value, as readers of json do.
  and not exists (
    select
    from json_object_keys(case when json_typeof(d.args) = 'object' then d.args else '{}' end) as k (name)
    where translate(lower(k.name), '-_', '') = 'apikey'
      and json_typeof(d.args -> k.name) = 'string'
      and d.args ->> k.name <> ''
  )
order by o.order_id
