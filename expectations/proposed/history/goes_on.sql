-- title: Status history is not continuous
-- severity: warning
-- key: order_id
-- why: Each change must begin with the status that the change before it ended with, and must end with another status.
--   Otherwise a change is missing from the history, or one is wrong.
-- highlight: status_before
select g.order_id, g.change_number, g.status_left, g.status_before, g.status_after
from (
  select h.order_id, h.change_number, h.status_before, h.status_after,
    lag(h.status_after, 1, h.status_before) over (partition by h.order_id order by h.change_number) as status_left
  from sales.order_status_changes as h
) as g
where g.status_before is distinct from g.status_left
  or g.status_before is not distinct from g.status_after
order by g.order_id, g.change_number
