-- title: CRM delivery without an API key
-- severity: warning
-- key: order_id
-- why: A CRM usually rejects deliveries without an API key, and these arguments have none at their top level. The
--   leads of this order may not arrive.
-- limitations: that the delivery fails. The script may have a key from elsewhere.
-- highlight: args
select o.order_id, o.customer_id, d.script_name, d.args
from sales.orders as o
join sales.deliveries as d on d.delivery_id = o.delivery_id
where d.script_name = 'custom_crm'
  and not exists (
    select
    from jsonb_each(case when jsonb_typeof(d.args) = 'object' then d.args else '{}' end) as m
    where translate(lower(m.key), '-_', '') = 'apikey'
      and jsonb_typeof(m.value) = 'string'
      and m.value <> '""'
  )
order by o.order_id
