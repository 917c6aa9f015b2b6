-- assumes: spaces and capital letters mean nothing.
-- leave: the orders neither run nor end; a person who knows what was meant can set the status.

-- automatic: spaces around it and capital letters set aside, it is a known status: written as such
-- update orders by order_id:
select v.order_id, s.status as order_status
from violation as v
cross join lateral (select lower(btrim(v.order_status::text)) as status) as s
where s.status in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated');

-- option cancel: the order is cancelled: whatever was meant, it delivers no more
-- update orders by order_id:
select v.order_id, 'cancelled' as order_status
from violation as v;
