-- title: Gap or duplicate in history numbering
-- severity: warning
-- key: order_id
-- why: The changes of an order are numbered from 1. A missing number suggests that a change was deleted. A repeated
--   number suggests that a change was added by hand.
-- highlight: change_number
select n.order_id, n.change_number, n.expected_number
from (
  select h.order_id, h.change_number,
    row_number() over (partition by h.order_id order by h.change_number) as expected_number
  from sales.order_status_changes as h
) as n
where n.change_number is distinct from n.expected_number
order by n.order_id, n.change_number
