-- after orders.script_name_is_identifier: that fix may remove the script
-- assumes: the intended script is not in the data.
-- leave: the arguments stay and are not used. Set the script by hand.

-- option clear_args: the arguments are removed and kept in the journal only
-- update orders by order_id:
select v.order_id, null as delivery_script_args
from violation as v;
