-- after customers.email_is_unique: a merge can show that two orders are of one customer
-- after customers.no_duplicate: a merge can show that two orders are of one customer
-- after lineage.keeps_customer: that fix may move an order to another customer
-- after lineage.one_live_order: a replaced order is not a duplicate
-- after lineage.root_is_not_closed: a cancelled order is not a duplicate
-- after recreation.is_covered_by_balance: an order cancelled for lack of money is not a duplicate
-- after orders.amount_is_not_negative: amounts are compared
-- after orders.live_order_has_amount: an order cancelled for lack of an amount is not a duplicate
-- after orders.active_order_has_schedule: schedules are compared
-- after orders.script_name_is_identifier: scripts are compared
-- after orders.delivery_args_are_object: delivery arguments are compared
-- after orders.delivery_args_convert_to_jsonb: delivery arguments are compared
-- after orders.delivery_args_hold_no_secret: delivery arguments are compared
-- after orders.delivery_args_keys_are_unique: delivery arguments are compared
-- after orders.delivery_args_need_script: delivery arguments are compared
-- assumes: the customer meant one order, not two equal ones.
-- leave: the customer may be paying twice.

-- option cancel: the later order is cancelled, unless it belongs to the lineage of the first order. In that case only
--   the duplicates in other lineages are cancelled
-- update orders by order_id:
-- Once the orders of other lineages are cancelled, orders of the first lineage are not duplicates.
select v.order_id, 'cancelled' as order_status
from violation as v
join orders as f on f.order_id = v.first_order_id
where v.order_ref is distinct from f.order_ref;
