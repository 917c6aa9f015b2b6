-- after customers.balance_is_finite: a balance of 0 covers no amount of 0 or more
-- after customers.balance_is_whole_cents: a rounded balance may cover fewer or more orders
-- after customers.email_is_unique: merged customers have one balance
-- after customers.no_duplicate: merged customers have one balance
-- after lineage.is_acyclic: an order that becomes a first order is not a recreation
-- after lineage.keeps_customer: an order that changes its customer is compared with another balance
-- after lineage.order_ref_exists: an order that becomes a first order is not a recreation
-- after lineage.order_ref_is_first_ancestor: an order with another ancestor or customer is judged again
-- after lineage.ancestor_is_older: an order that becomes a first order is not a recreation
-- after lineage.one_live_order: a replaced order becomes recreated, not cancelled
-- after lineage.root_is_not_closed: a cancelled order costs nothing
-- after orders.amount_is_not_negative: amounts are compared
-- after orders.live_order_has_amount: an order cancelled for lack of an amount costs nothing
-- after orders.status_is_known: an unknown status may become a live one
-- assumes: the balance was too low when the order was recreated. No balance of that time is stored; the money may
--   have been spent rightly since.
-- leave: the order may continue unpaid. Ask the customer for a payment.

-- option cancel: the order is cancelled and delivers no more
-- update orders by order_id:
select v.order_id, 'cancelled' as order_status
from violation as v;
