-- after orders.status_is_known: a status that only looks unknown can be this one
-- after lineage.ancestor_is_older: which order is the last of a lineage is certain only then
-- after lineage.keeps_customer: an order that gets a lineage of its own can be the last in two
-- assumes: nothing in the data says what the order was before, or whether the customer still wants it.
-- leave: the campaigns stay silent, and look as if they went on.

-- option expire: the order is over: it becomes expired
-- update orders by order_id:
select v.order_id, 'expired' as order_status
from violation as v;

-- option reactivate: the order goes on: it becomes active, and is charged for again. An older order of its lineage that
--   is still live is then one too many (lineage.one_live_order), and what active orders need it may lack
-- update orders by order_id:
select v.order_id, 'active' as order_status
from violation as v;
