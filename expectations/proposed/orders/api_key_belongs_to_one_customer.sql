-- title: API key shared by several customers
-- severity: warning
-- key: order_id
-- why: An API key of a CRM belongs to one customer. If orders of two customers share it, leads of one may arrive in
--   the CRM of the other.
-- limitations: that the key is used by mistake. Two customers may be one company, or use one CRM, as clients of an
--   agency do.
-- highlight: least_customer_id, greatest_customer_id
select k.order_id, k.customer_id, k.script_name, k.least_customer_id, k.greatest_customer_id
from (
  select o.order_id, o.customer_id, d.script_name,
    min(o.customer_id) over same_key as least_customer_id,
    max(o.customer_id) over same_key as greatest_customer_id
  from sales.orders as o
  join sales.deliveries as d on d.delivery_id = o.delivery_id
  cross join lateral (
    select m.value #>> '{}' as said
    from jsonb_each(case when jsonb_typeof(d.args) = 'object' then d.args else '{}' end) as m
    where translate(lower(m.key), '-_', '') = 'apikey'
      and jsonb_typeof(m.value) = 'string'
      and m.value <> '""'
  ) as held
  -- the secret that one of our references names; other references are compared as they are
  left join sales_private.secrets as s
    on s.customer_id = o.customer_id and held.said = 'secret-ref:sales/' || s.secret_id
  window same_key as (partition by s.mark, case when s.mark is null then held.said end collate "C")
) as k
where k.least_customer_id <> k.greatest_customer_id
order by k.order_id
