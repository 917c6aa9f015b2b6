-- assumes: capitals, spaces and hyphens have no meaning: names that become equal mean one script.
-- leave: reports can count one script as several. Set the name by hand.

-- automatic: small letters, no surrounding white space, and _ for spaces and hyphens, if that makes the name an
--   identifier
-- update orders by order_id:
select v.order_id, s.name as delivery_script_name
from violation as v
cross join lateral (
  select translate(lower(btrim(v.delivery_script_name::text, E' \t\n\r\f\x0b')), ' -', '__') as name
) as s
where s.name ~ '^[a-z][a-z0-9_]*$';

-- option clear_script: the script is removed. No script then delivers the leads of an active order
--   (orders.active_order_has_delivery)
-- update orders by order_id:
select v.order_id, null as delivery_script_name
from violation as v;
