-- title: Customer in the migration quarantine
-- severity: warning
-- key: customer_id
-- requires: migration.quarantined_customer.customer_id
-- why: It waits in the migration's quarantine, and all its orders with it: old applications see them, new ones do
--   not, and no other rule of this suite looks at them. Each reason names a rule; once its fix is applied, the
--   customer moves in by itself. Without a migration under way there is no quarantine, and nothing to be asked.
-- highlight: reasons
select q.customer_id, q.reasons, q.since
from migration.quarantined_customer as q
order by q.customer_id
