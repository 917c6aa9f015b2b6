-- title: Business day differs from recreation time
-- severity: critical
-- key: order_id
-- why: The business day limits recreations to one a day. It is the day of the recreation's time in New York, or the
--   day before it for a run across midnight. Another or a missing day allows one recreation too many.
-- highlight: business_day, created_at
select r.order_id, r.first_ancestor_id, r.predecessor_id, r.business_day, r.created_at
from sales.recreations as r
where (
  r.business_day between (r.created_at at time zone 'America/New_York')::date - 1
  and (r.created_at at time zone 'America/New_York')::date
) is not true
order by r.order_id
