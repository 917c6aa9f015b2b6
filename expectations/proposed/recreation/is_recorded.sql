-- title: Recreation without a record
-- severity: critical
-- key: order_id
-- why: Without a record, the recreation has no balance, day or predecessor to be judged by. It can only be suspected.
--   Migrated orders without a creation time are older than these records and are not judged.
select o.order_id, o.first_ancestor_id, o.customer_id, o.order_status, o.amount, o.origin, o.created_at
from sales.orders as o
where o.first_ancestor_id <> o.order_id
  and (o.origin = 'migrated' and o.created_at is null) is not true
  and not exists (select from sales.recreations as r where r.order_id = o.order_id)
order by o.order_id
