-- title: Gap or duplicate in history numbering
-- severity: warning
-- key: order_id
-- why: The changes of an order are counted from 1. Where a number is missing, somebody deleted what
--   happened; where one is there twice, somebody made it up.
-- highlight: change_number
select n.order_id, n.change_number, n.expected_number
from (
  select h.order_id, h.change_number,
    row_number() over (partition by h.order_id order by h.change_number) as expected_number
  from sales.order_status_changes as h
) as n
where n.change_number is distinct from n.expected_number
order by n.order_id, n.change_number
