-- title: Order status differs from its history
-- severity: warning
-- key: order_id
-- why: The order's status differs from the last change in its history. A query of the history gives another
--   status than the order, so neither proves the other.
-- highlight: order_status, status_after
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount, l.change_number, l.status_after
from sales.orders as o
join (
  select distinct on (h.order_id) h.order_id, h.change_number, h.status_after
  from sales.order_status_changes as h
  order by h.order_id, h.change_number desc
) as l on l.order_id = o.order_id
where l.status_after is distinct from o.order_status
order by o.order_id
