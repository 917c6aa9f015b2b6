-- title: Customer in the migration quarantine
-- severity: warning
-- key: customer_id
-- requires: migration.quarantined_customer.customer_id
-- why: The customer is in the migration's quarantine with all its orders. Old applications see it; new applications
--   do not, and no other rule of this suite judges it. Each reason names a rule: once its fix is applied, the
--   customer is migrated automatically. Without a migration in progress there is no quarantine.
-- highlight: reasons
select q.customer_id, q.reasons, q.since
from migration.quarantined_customer as q
order by q.customer_id
