-- after orders.status_is_known: an unknown status may become active
-- after orders.script_name_is_identifier: that fix may remove the script
-- after lineage.root_is_not_closed: a cancelled order needs no script
-- assumes: the intended script is not in the data.
-- leave: no script delivers the leads of these orders. Set the script by hand.

-- option pause: the order is paused until it has a script
-- update orders by order_id:
select v.order_id, 'paused' as order_status
from violation as v;
