-- title: Unused secret
-- severity: warning
-- key: secret_id
-- why: No delivery of its customer refers to this secret, but everyone who can read the table can read it. A deleted
--   secret cannot leak.
-- highlight: customer_id
select s.secret_id, s.customer_id, s.created_at
from sales_private.secrets as s
where s.mark is not null and not exists (
  select from sales.deliveries as d
  where d.customer_id = s.customer_id and strpos(d.args::text, '"secret-ref:sales/' || s.secret_id || '"') > 0
)
order by s.secret_id
