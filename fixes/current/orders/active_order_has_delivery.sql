-- after orders.status_is_known: a status that only looks unknown can be active
-- after orders.script_name_is_identifier: that may take the script away
-- after lineage.root_is_not_closed: what is over needs no delivery, and what is reactivated does
-- assumes: the script that was meant is not in the data.
-- leave: leads are bought for these orders and go nowhere; a person who knows can set the script.

-- option pause: the order is paused until it has a delivery
-- update orders by order_id:
select v.order_id, 'paused' as order_status
from violation as v;
