-- after orders.delivery_args_convert_to_jsonb: keys can become one by it
-- after orders.delivery_args_hold_no_secret: secrets that are taken out can leave equal values behind
-- assumes: values are equal where jsonb says so: 1 and 1.0, or objects whose keys stand in another order.
-- leave: readers take the last value; the other stays in the text until somebody converts it to jsonb.

-- automatic: all values of each key that is repeated are equal: the last one stays, the others are removed
-- update orders by order_id:
select k.order_id,
  k.head || string_agg(k.member, k.comma order by k.place) filter (where k.nth = 1) || k.tail as delivery_script_args
from (
  select v.order_id, m.head, m.comma, m.place, m.member, m.tail, m.value,
    row_number() over last_first as nth,
    first_value(m.value) over last_first as last_value
  from violation as v
  cross join lateral order_audit.members(v.delivery_script_args::text) as m
  window last_first as (partition by v.order_id, m.name collate "C" order by m.place desc)
) as k
group by k.order_id, k.head, k.tail
having bool_and(k.value = k.last_value);

-- option keep_last: of each key that is repeated, the last value stays, the one that readers of json and jsonb see
--   today
-- update orders by order_id:
select k.order_id, k.head || string_agg(k.member, k.comma order by k.place) || k.tail as delivery_script_args
from (
  select v.order_id, m.head, m.comma, m.place, m.member, m.tail,
    row_number() over (partition by v.order_id, m.name collate "C" order by m.place desc) as nth
  from violation as v
  cross join lateral order_audit.members(v.delivery_script_args::text) as m
) as k
where k.nth = 1
group by k.order_id, k.head, k.tail;

-- option keep_first: of each key that is repeated, the first value stays, which no reader sees today
-- update orders by order_id:
select k.order_id, k.head || string_agg(k.member, k.comma order by k.place) || k.tail as delivery_script_args
from (
  select v.order_id, m.head, m.comma, m.place, m.member, m.tail,
    row_number() over (partition by v.order_id, m.name collate "C" order by m.place) as nth
  from violation as v
  cross join lateral order_audit.members(v.delivery_script_args::text) as m
) as k
where k.nth = 1
group by k.order_id, k.head, k.tail;
