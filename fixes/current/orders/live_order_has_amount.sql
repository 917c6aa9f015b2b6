-- after orders.status_is_known: a status that only looks unknown can be a live one
-- after lineage.one_live_order: what a later order has taken over from is not cancelled, but recreated
-- assumes: nobody wants an order over nothing. The amount that was meant, if any, is not in the data.
-- leave: the orders are recreated for ever and buy nothing, or nobody is charged; a person who knows can set the amount.

-- option cancel: the order is cancelled
-- update orders by order_id:
select v.order_id, 'cancelled' as order_status
from violation as v;
