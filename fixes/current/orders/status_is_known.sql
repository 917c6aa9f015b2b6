-- automatic: white space around it and capital letters set aside, it is a known status: written as such
-- update orders by order_id:
select v.order_id, s.status as order_status
from violation as v
join orders as o on o.order_id = v.order_id
cross join lateral (select lower(btrim(o.order_status::text, E' \t\n\r\f\x0b')) as status) as s
where s.status in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated');

-- option cancel: the order is cancelled: whatever was meant, it delivers no more
-- update orders by order_id:
select v.order_id, 'cancelled' as order_status
from violation as v;
