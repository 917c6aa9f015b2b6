-- after orders.status_is_known: a status that only looks unknown can be a live one
-- after lineage.ancestor_is_older: which orders are one lineage is certain only then
-- after lineage.recreated_order_has_successor: an order that is reactivated takes over from the older ones
-- assumes: the order with the greatest id is the customer's latest wish.
-- leave: these lineages deliver, and charge, more than once.

-- option supersede: the order becomes recreated, as it should have when a later one took over
-- update orders by order_id:
select v.order_id, 'recreated' as order_status
from violation as v;
