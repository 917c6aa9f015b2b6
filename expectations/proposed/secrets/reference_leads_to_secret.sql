-- title: Delivery references a missing secret
-- severity: critical
-- key: delivery_id
-- why: The delivery references a secret that does not exist, or that belongs to another customer, or that was forgotten
--   although an order is live. The delivery gets no secret.
-- highlight: secret_id
select d.delivery_id, d.customer_id, d.script_name, r.secret_id
from sales.deliveries as d
cross join lateral (
  select m.found[1] as secret_id
  from regexp_matches(d.args::text, '"secret-ref:sales/([^"]*)"', 'g') as m (found)
) as r
left join sales_private.secrets as s on s.customer_id = d.customer_id and s.secret_id::text = r.secret_id
where s.secret_id is null
  or s.mark is null and exists (
    select from sales.orders as o
    where o.delivery_id = d.delivery_id and o.order_status in ('pending', 'active', 'paused')
  )
order by d.delivery_id
