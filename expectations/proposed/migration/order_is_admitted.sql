-- title: Order in the migration quarantine
-- severity: warning
-- key: order_id
-- requires: migration.quarantined_order.order_id
-- why: The order is in the migration's quarantine. Old applications see it; new applications do not, and no other
--   rule of this suite judges it. Each reason names a rule: once its fix is applied, the order is migrated
--   automatically. Without a migration in progress there is no quarantine.
-- highlight: reasons
select q.order_id, q.customer_id, q.reasons, q.since
from migration.quarantined_order as q
order by q.order_id
