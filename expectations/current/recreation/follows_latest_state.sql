-- title: Order recreated from an outdated state
-- severity: warning
-- key: order_id
-- requires: orders.recreated_from
-- without: no column says which order was recreated
-- why: Orders are recreated based on their latest state. A recreation of an earlier order restores an amount,
--   schedule or delivery that the customer may have changed since.
-- limitations: that the customer changed the order in between. The values of both may be equal.
-- highlight: recreated_from, latest_id
-- hidden_by: schema.status_has_history orders.order_status
-- unfixed: changes of the latest order may have been repeated by hand since, or replaced by others. Compare the two
--   orders.
select r.order_id, r.order_ref, r.recreated_from, r.latest_id, r.customer_id, r.order_amount
from (
  select o.order_id, o.order_ref, o.customer_id, o.order_amount, o.recreated_from,
    lag(o.order_id) over (partition by o.order_ref order by o.order_id) as latest_id
  from orders as o
) as r
where r.order_ref <> r.order_id
  and r.recreated_from is distinct from r.latest_id
order by r.order_id
