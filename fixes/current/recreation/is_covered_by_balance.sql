-- after customers.balance_is_finite: a balance that is set to 0 covers nothing
-- after customers.balance_is_whole_cents: to the cent a balance may cover less, or more
-- after customers.email_is_unique: merged customers have one balance together
-- after customers.no_duplicate: merged customers have one balance together
-- after lineage.is_acyclic: an order that becomes a root is no recreation any more
-- after lineage.keeps_customer: an order that changes its customer is held against another balance
-- after lineage.order_ref_exists: an order that becomes a root is no recreation any more
-- after lineage.order_ref_is_first_ancestor: an order that becomes a root, or changes its customer, is judged anew
-- after lineage.ancestor_is_older: an order that becomes a root is no recreation any more
-- after lineage.one_live_order: what a later order has taken over from is not cancelled, but recreated
-- after lineage.root_is_not_closed: what is over costs nothing any more, and what is reactivated does
-- after orders.amount_is_not_negative: the amount is compared
-- after orders.live_order_has_amount: what is cancelled for want of an amount costs nothing
-- after orders.status_is_known: a status that only looks unknown can be a live one
-- assumes: the balance was too low when the order was recreated. No balance of that time is kept: it may have been
--   spent since, and rightly so.
-- leave: the order runs on, unpaid, until somebody has asked the customer for money.

-- option cancel: the order is cancelled, and delivers no more
-- update orders by order_id:
select v.order_id, 'cancelled' as order_status
from violation as v;
