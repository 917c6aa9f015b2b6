-- title: Recreation without a record
-- severity: critical
-- key: order_id
-- why: Without its record it has no balance, no moment and no predecessor to be judged by: whether it was
--   allowed can only be suspected. Orders of a time before records were kept have none and are left alone.
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount, o.created_at
from sales.orders as o
where o.first_ancestor_id <> o.order_id
  and o.created_at is not null
  and not exists (select from sales.recreations as r where r.order_id = o.order_id)
order by o.order_id
