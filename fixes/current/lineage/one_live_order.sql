-- after orders.status_is_known: an unknown status may become a live one
-- after lineage.ancestor_is_older: lineages are certain only after that fix
-- after lineage.recreated_order_has_successor: a reactivated order replaces the older ones
-- assumes: the order with the greatest id is the one that the customer wants.
-- leave: these lineages can deliver, and charge, more than once.

-- option supersede: the order becomes recreated, because a later order has replaced it
-- update orders by order_id:
select v.order_id, 'recreated' as order_status
from violation as v;
