-- title: Order in the migration quarantine
-- severity: warning
-- key: order_id
-- requires: migration.quarantined_order.order_id
-- why: It waits in the migration's quarantine: old applications see it, new ones do not, and no other rule of this
--   suite looks at it. Each reason names a rule; once its fix is applied, the order moves in by itself. Without a
--   migration under way there is no quarantine, and nothing to be asked.
-- highlight: reasons
select q.order_id, q.customer_id, q.reasons, q.since
from migration.quarantined_order as q
order by q.order_id
