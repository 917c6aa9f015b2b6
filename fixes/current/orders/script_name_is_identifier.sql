-- assumes: capitals, spaces and hyphens mean nothing: two names that become one are one script.
-- leave: reports by script count these apart; a person who knows the script can write its name.

-- automatic: without white space around it, in small letters and with _ for spaces and hyphens, the name is an
--   identifier: written so
-- update orders by order_id:
select v.order_id, s.name as delivery_script_name
from violation as v
cross join lateral (
  select translate(lower(btrim(v.delivery_script_name::text, E' \t\n\r\f\x0b')), ' -', '__') as name
) as s
where s.name ~ '^[a-z][a-z0-9_]*$';

-- option clear_script: the order loses its script. If it is active, leads are then bought that go nowhere
--   (orders.active_order_has_delivery)
-- update orders by order_id:
select v.order_id, null as delivery_script_name
from violation as v;
