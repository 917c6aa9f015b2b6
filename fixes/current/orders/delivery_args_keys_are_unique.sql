-- after orders.delivery_args_convert_to_jsonb: two keys can become equal by that fix
-- after orders.delivery_args_hold_no_secret: two values can become equal when secrets are replaced
-- assumes: values are equal if jsonb compares them as equal: 1 and 1.0, or objects with another order of keys.
-- leave: PostgreSQL reads the last value. The others stay in the text until it is converted to jsonb.

-- automatic: if all values of each repeated key are equal, the last one stays and the others are removed
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

-- option keep_last: the last value of each repeated key stays, the one that PostgreSQL reads in json and jsonb today
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

-- option keep_first: the first value of each repeated key stays, which PostgreSQL does not read today
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
