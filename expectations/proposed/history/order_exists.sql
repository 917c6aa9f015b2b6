-- title: Status history references a missing order
-- severity: warning
-- key: order_id
-- why: The history of an order is deleted together with the order. This history has no order, but reports on paused
--   or cancelled orders count it.
-- highlight: order_id
select h.order_id, h.change_number, h.status_before, h.status_after
from sales.order_status_changes as h
left join sales.orders as o on o.order_id = h.order_id
where o.order_id is null
order by h.order_id, h.change_number
