-- assumes: spaces and capital letters have no meaning.
-- leave: the orders may neither run nor end. Set the status by hand.

-- automatic: a known status is written in small letters without surrounding spaces
-- update orders by order_id:
select v.order_id, s.status as order_status
from violation as v
cross join lateral (select lower(btrim(v.order_status::text)) as status) as s
where s.status in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated');

-- option cancel: the order is cancelled and delivers no more
-- update orders by order_id:
select v.order_id, 'cancelled' as order_status
from violation as v;
