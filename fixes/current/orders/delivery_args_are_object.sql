-- assumes: the name that the script looks up is not in the data.
-- leave: a script that looks up names finds none, and may fail or use defaults. Set the arguments by hand.

-- option wrap: the value becomes the argument "value" of an object. Nothing is lost, but the script must look up that
--   name
-- update orders by order_id:
select v.order_id, '{"value": ' || v.delivery_script_args::text || '}' as delivery_script_args
from violation as v;

-- option clear_args: the arguments are removed and kept in the journal only
-- update orders by order_id:
select v.order_id, null as delivery_script_args
from violation as v;
