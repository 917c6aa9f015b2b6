-- assumes: under which name the script would look for the value is not in the data.
-- leave: the script finds no arguments, and fails or runs on defaults; a person who knows the name can set them.

-- option wrap: the value becomes, as it is, the argument "value" of an object. Nothing is lost, but a script has to
--   know that name
-- update orders by order_id:
select v.order_id, '{"value": ' || v.delivery_script_args::text || '}' as delivery_script_args
from violation as v;

-- option clear_args: the arguments are removed, and kept in the journal alone
-- update orders by order_id:
select v.order_id, null as delivery_script_args
from violation as v;
