-- after orders.status_is_known: an unknown status may become recreated
-- after lineage.ancestor_is_older: the last order of a lineage is certain only after that fix
-- after lineage.keeps_customer: an order with a new lineage can be the last order of two
-- assumes: the data says neither what status the order had before, nor whether the customer still wants it.
-- leave: the campaigns may have ended, but look as if they continued.

-- option expire: the order has ended: it becomes expired
-- update orders by order_id:
select v.order_id, 'expired' as order_status
from violation as v;

-- option reactivate: the order continues: it becomes active and is charged again. An older live order of the lineage
--   then violates lineage.one_live_order, and the order may lack a script or a schedule
-- update orders by order_id:
select v.order_id, 'active' as order_status
from violation as v;
