-- after orders.script_name_is_identifier: that may take the script away
-- assumes: the script that was meant is not in the data.
-- leave: what was agreed with the customer stays on record, and nothing acts on it; a person who knows can set the script.

-- option clear_args: the arguments are removed, and kept in the journal alone
-- update orders by order_id:
select v.order_id, null as delivery_script_args
from violation as v;
