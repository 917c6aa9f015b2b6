-- after orders.status_is_known: an unknown status may become active
-- after lineage.root_is_not_closed: a cancelled order needs no schedule
-- assumes: the intended schedule is not in the data.
-- leave: the orders are active and never deliver. Set the schedule by hand.

-- option pause: the order is paused until it has a schedule
-- update orders by order_id:
select v.order_id, 'paused' as order_status
from violation as v;

-- option always_on: every half-hour of the schedule is switched on, nights and weekends included
-- update orders by order_id:
-- An empty bitmap gets 336 bits, the half-hours of a week.
select v.order_id, repeat('1', coalesce(nullif(length(v.order_schedule::text), 0), 336)) as order_schedule
from violation as v;
