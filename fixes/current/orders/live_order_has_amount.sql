-- after orders.status_is_known: an unknown status may become a live one
-- after lineage.one_live_order: a replaced order becomes recreated, not cancelled
-- assumes: no customer wants an order with amount 0. The intended amount is not in the data.
-- leave: the orders can be recreated without end. They buy nothing, or are not charged. Set the amount by hand.

-- option cancel: the order is cancelled
-- update orders by order_id:
select v.order_id, 'cancelled' as order_status
from violation as v;
