-- title: Unused secret
-- severity: warning
-- key: secret_id
-- why: No delivery refers to this secret, but everyone who can read the table can read it. A deleted secret cannot
--   leak.
-- highlight: order_id
select s.secret_id, s.order_id, s.created_at
from sales_private.delivery_secrets as s
left join sales.order_deliveries as d on d.order_id = s.order_id
where (strpos(d.args::text, '"secret-ref:sales/' || s.secret_id || '"') > 0) is not true
order by s.secret_id
