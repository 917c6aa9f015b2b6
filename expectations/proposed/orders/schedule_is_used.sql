-- title: Unused schedule
-- severity: info
-- key: schedule_id
-- why: Schedules are stored once and shared. No order uses this one; it may be left over from orders that were
--   deleted or changed.
-- limitations: that the schedule is of no use. An order may be about to take it.
select s.schedule_id, s.created_at
from sales.schedules as s
where not exists (select from sales.orders as o where o.schedule_id = s.schedule_id)
order by s.schedule_id
