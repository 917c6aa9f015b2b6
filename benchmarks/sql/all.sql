-- The counts of all 42 rules, as well as we could write them. Each statement gives one row; a column is named after
-- its rule. Primary keys and NOT NULLs are relied upon, check constraints and foreign keys are not. The dearest
-- statements come first, so that two connections end at about the same time.

-- Scripts and their arguments: a lineage keeps its own from day to day, so each different one is judged once.
with recursive document as materialized (
  select row_number() over () as id, d.*,
    -- what json functions would refuse, as U+FFFD
    case
      when strpos(d.text, '\u') = 0 then d.text::json
      else replace(
        regexp_replace(
          replace(d.text, '\\', chr(1)),
          '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}',
          '\\ufffd', 'g'
        ), chr(1), '\\'
      )::json
    end as args
  from (
    select customer_id, delivery_script_name as script, delivery_script_args::text as text, count(*) as orders
    from orders
    where delivery_script_name is not null or delivery_script_args is not null
    group by customer_id, delivery_script_name, delivery_script_args::text
  ) as d
),
member as materialized (
  select id, customer_id, args, json_object_keys(args) as name
  from document
  where json_typeof(args) = 'object'
),
twice as materialized (
  select id
  from member
  group by id, name
  having count(*) > 1
),
-- names are few, and each is looked at once
name as materialized (
  select name,
    lower(name) ~ '(api[-_]?key|secret|token|password|passwd|pwd|credential|private[-_]?key|authorization)' as secret,
    translate(lower(name), '-_', '') = 'apikey' as api_key
  from (select distinct name from member) as m
),
named as materialized (
  select m.id, m.customer_id, m.args, m.name, n.secret, n.api_key
  from member as m
  join name as n on n.name = m.name
  where n.secret or n.api_key
),
held as materialized (
  select id, customer_id, args ->> name as api_key
  from named
  where api_key and json_typeof(args -> name) = 'string' and args ->> name <> ''
),
-- what may hold a secret, openly, deeper, or behind a name that comes twice: only this is walked
suspect as materialized (
  select id
  from document
  where text like '_%{%' or text like '%[%'
  union
  select id
  from twice
  union
  select id
  from named
  where secret and args ->> name !~ '^secret-ref:[A-Za-z0-9_./-]+$'
),
node (id, name, value) as (
  select d.id, null::text, d.args
  from document as d
  where d.id in (select id from suspect)
  union all
  select n.id, below.name, below.value
  from node as n
  cross join lateral (
    select m.key, m.value
    from json_each(case when json_typeof(n.value) = 'object' then n.value else '{}' end) as m
    union all
    select null, e.value
    from json_array_elements(case when json_typeof(n.value) = 'array' then n.value else '[]' end) as e
  ) as below (name, value)
)
select
  coalesce(sum(orders) filter (where script !~ '^[a-z][a-z0-9_]*$'), 0) as "orders.script_name_is_identifier",
  coalesce(sum(orders) filter (
    where json_typeof(args) not in ('object', 'null')
  ), 0) as "orders.delivery_args_are_object",
  coalesce(sum(orders) filter (
    where json_typeof(args) <> 'null' and coalesce(btrim(script, E' \t\n\r\f\x0b'), '') = ''
  ), 0) as "orders.delivery_args_need_script",
  coalesce(sum(orders) filter (
    where strpos(text, '\u') > 0
      and replace(text, '\\', chr(1))
        ~ '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}'
      -- short texts with exponents of at most four digits have no number beyond numeric
      or (text ~ '[eE][-+]?[0-9]{5}' or octet_length(text) > 6000)
      and exists (
        select
        from regexp_matches(
          regexp_replace(replace(replace(text, '\\', ''), '\"', ''), '"[^"]*"', '', 'g'),
          '([0-9]+)(?:\.([0-9]+))?(?:[eE]([-+]?)0*([0-9]*))?', 'g'
        ) as m (part)
        cross join lateral (
          select ltrim(m.part[1] || coalesce(m.part[2], ''), '0') as digits,
            length(coalesce(m.part[2], '')) as decimals,
            (coalesce(m.part[3], '') || coalesce(nullif(left(m.part[4], 11), ''), '0'))::bigint as exponent
        ) as d
        where d.digits <> '' and length(d.digits) - d.decimals + d.exponent > 131072
          or d.decimals - d.exponent > 16383
          or d.exponent > 1073741822
      )
  ), 0) as "orders.delivery_args_convert_to_jsonb",
  coalesce(sum(orders) filter (where id in (select id from twice)), 0) as "orders.delivery_args_keys_are_unique",
  coalesce(sum(orders) filter (
    where script = 'email_delivery'
      -- a value that is not text is no address either
      and (
        args ->> 'email_address'
          ~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
        and not (length(text) > 65 and split_part(args ->> 'email_address', '@', 2) ~ '[^.]{64}')
      ) is not true
  ), 0) as "orders.email_delivery_has_address",
  coalesce(sum(orders) filter (
    where script = 'custom_crm' and id not in (select id from held)
  ), 0) as "orders.custom_crm_has_key",
  coalesce(sum(orders) filter (
    where id in (
      select id
      from node
      where lower(name) ~ '(api[-_]?key|secret|token|password|passwd|pwd|credential|private[-_]?key|authorization)'
        and json_typeof(value) = 'string'
        and value #>> '{}' <> ''
        and value #>> '{}' !~ '^secret-ref:[A-Za-z0-9_./-]+$'
    )
  ), 0) as "orders.delivery_args_hold_no_secret",
  coalesce(sum(orders) filter (
    where id in (
      select h.id
      from held as h
      join (
        select api_key collate "C" as api_key
        from held
        group by 1
        having min(customer_id) <> max(customer_id)
      ) as shared on shared.api_key = h.api_key collate "C"
    )
  ), 0) as "orders.api_key_belongs_to_one_customer"
from document;

-- Lineages. One pass finds the orders that nothing replaced or that cannot be right: all about live and last orders.
with recursive odd as materialized (
  select order_id, order_ref, customer_id, order_amount, order_status,
    order_status in ('active', 'pending', 'paused') as live,
    order_status = 'active' and position(B'1' in order_schedule) = 0 as never_on,
    order_status = 'active' and coalesce(btrim(delivery_script_name, E' \t\n\r\f\x0b'), '') = '' as no_delivery
  from orders
  where order_status <> 'recreated' or order_amount < 0
),
-- candidates for duplicates among live orders: only their distinguishing columns are read
twin as materialized (
  select o.order_id, o.order_ref, o.customer_id, o.order_amount
  from odd as o
  join (
    select customer_id, order_amount
    from odd
    where live
    group by customer_id, order_amount
    having min(order_ref) <> max(order_ref)
  ) as g on g.customer_id = o.customer_id and g.order_amount = o.order_amount
  where o.live
),
-- All orders of a lineage pass the four checks if its smallest id is its reference and it has one existing customer.
-- Only the orders of other lineages are checked one by one.
lineage as materialized (
  select order_ref, min(order_id) as first_id, max(order_id) as last_id, min(customer_id) as customer_id,
    max(customer_id) as last_customer_id
  from orders
  group by order_ref
),
bad as materialized (
  select l.order_ref
  from lineage as l
  left join customers as c on c.customer_id = l.customer_id
  where l.first_id <> l.order_ref or l.customer_id <> l.last_customer_id or c.customer_id is null
),
doubtful as materialized (
  select o.order_id, o.order_ref, o.customer_id
  from orders as o
  where (o.order_ref in (select order_ref from bad)) is true  -- or the planner would hash the orders, not these
),
known as materialized (
  select o.*, a.order_id as ancestor_id, a.order_ref as ancestor_ref, a.customer_id as ancestor_customer_id,
    c.customer_id is null as homeless
  from doubtful as o
  left join lateral (select * from orders where order_id = o.order_ref limit 1) as a on true
  left join lateral (select * from customers where customer_id = o.customer_id limit 1) as c on true
),
-- Only orders whose ancestor is no root can be part of a cycle. Pointer jumping: an order that still moves after as
-- many steps as such orders is on a cycle, and every order of every cycle is reached.
node as materialized (
  select order_id, order_ref, row_number() over (order by order_id)::int as i
  from known
  where ancestor_ref <> ancestor_id
),
jump (steps, target) as (
  select 1, array_agg(coalesce(ahead.i, 0) order by n.i)
  from node as n
  left join node as ahead on ahead.order_id = n.order_ref
  having count(*) > 0
  union all
  select j.steps * 2, (
    select array_agg(coalesce(j.target[t.at], 0) order by t.i)
    from unnest(j.target) with ordinality as t (at, i)
  )
  from jump as j
  where j.steps < cardinality(j.target)
),
cyclic as materialized (
  select count(distinct t.at) filter (where t.at > 0) as orders
  from (select target from jump order by steps desc limit 1) as j
  cross join lateral unnest(j.target) as t (at)
),
-- of each lineage the last order: recreated, if it is none of those that are odd
ended as materialized (
  select l.order_ref, l.last_id
  from lineage as l
  left join odd as o on o.order_id = l.last_id and o.order_status <> 'recreated'
  where o.order_id is null
),
-- Lineages that are one: an order of the one is the ancestor in the other. They are few. The planner expects so only of
-- an equality; of two, it expects that a walk is short. Or it would prepare a hash table of billions of rows.
link as materialized (
  select order_ref as one, ancestor_ref as other from known where (ancestor_ref <> ancestor_id)::int = 1
  union
  select ancestor_ref, order_ref from known where (ancestor_ref <> ancestor_id)::int = 1
),
walk (start, at) as (
  select order_ref, order_ref from ended
  union
  select w.start, k.other from walk as w join link as k on k.one = w.at and -k.one = -w.at
)
select one.*, two.*, three.*, four.*, five.*, six.*, seven.*, eight.*
from (
  select
    count(*) filter (
      where order_status not in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated')
    ) as "orders.status_is_known",
    count(*) filter (where order_amount < 0) as "orders.amount_is_not_negative",
    count(*) filter (where live and order_amount = 0) as "orders.live_order_has_amount",
    count(*) filter (where never_on) as "orders.active_order_has_schedule",
    count(*) filter (where no_delivery) as "orders.active_order_has_delivery"
  from odd
) as one
cross join (
  select
    count(*) filter (
      where o.order_ref <> o.order_id
        and (c.customer_balance <= o.order_amount or c.customer_balance = 'NaN')
    ) as "recreation.is_covered_by_balance",
    -- a cent away from the amount, rounding decides nothing
    count(*) filter (
      where abs(c.customer_balance - o.order_amount) < 0.01
        and (c.customer_balance > o.order_amount)
          <> (round(c.customer_balance::text::numeric, 2) > o.order_amount)
    ) as "recreation.decision_survives_rounding"
  from odd as o
  join customers as c on c.customer_id = o.customer_id
  where o.live
) as two
cross join (
  select coalesce(sum(l.orders - 1), 0) as "lineage.one_live_order"
  from (select count(*) as orders from odd where live group by order_ref having count(*) > 1) as l
) as three
cross join (
  select count(*) as "lineage.root_is_not_closed"
  from odd as o
  join odd as a on a.order_id = o.order_ref
  where o.live and o.order_ref <> o.order_id and a.order_status in ('cancelled', 'expired')
) as four
cross join (
  select count(*) as "recreation.customer_is_not_overcommitted"
  from (select customer_id, sum(order_amount) as amount from odd where live group by customer_id) as l
  join customers as c on c.customer_id = l.customer_id
  where l.amount > c.customer_balance or c.customer_balance = 'NaN'
) as five
cross join (
  select count(*) filter (where r.last_id <= e.last_id) as "lineage.recreated_order_has_successor"
  from ended as e
  -- each walk reaches its start
  join (
    select w.start, max(l.last_id) as last_id
    from walk as w
    join lineage as l on l.order_ref = w.at
    group by w.start
  ) as r on r.start = e.order_ref
) as six
cross join (
  select count(*) as "orders.no_duplicate_live_order"
  from (
    select t.order_ref, min(t.order_ref) over earlier as least_ref, max(t.order_ref) over earlier as greatest_ref
    from twin as t
    cross join lateral (
      select order_schedule, delivery_script_name, delivery_script_args::text as args
      from orders
      where order_id = t.order_id
      limit 1  -- by the primary key, whatever the planner makes of their number
    ) as d
    window earlier as (
      partition by t.customer_id, t.order_amount, d.delivery_script_name, d.args, d.order_schedule
      order by t.order_id
      groups between unbounded preceding and 1 preceding
    )
  ) as e
  where e.least_ref <> e.order_ref or e.greatest_ref <> e.order_ref
) as seven
cross join (
  select
    count(*) filter (where ancestor_id is null) as "lineage.order_ref_exists",
    count(*) filter (
      where order_ref <> order_id and ancestor_customer_id <> customer_id
    ) as "lineage.keeps_customer",
    count(*) filter (where ancestor_id is not null and order_ref > order_id) as "lineage.ancestor_is_older",
    count(*) filter (where homeless) as "orders.customer_exists",
    (select orders from cyclic) as "lineage.is_acyclic",
    count(*) filter (where ancestor_ref <> ancestor_id)
      - (select orders from cyclic) as "lineage.order_ref_is_first_ancestor"
  from known
) as eight;

-- Each different schedule is judged once. bit_send gives 46 bytes that can be hashed, where text has 336.
select coalesce(sum(b.orders), 0) as "orders.schedule_repeats_by_day"
from (
  -- four bytes of length, then the bits
  select ('x' || encode(substr(bit_send(order_schedule), 5), 'hex'))::varbit::text as bits, count(*) as orders
  from orders
  group by bit_send(order_schedule)
  offset 0  -- or the planner would judge below the grouping
) as b
where position('1' in b.bits) > 0
  and position('0' in b.bits) > 0
  and exists (
    select
    from generate_series(2, least(167, length(b.bits) - 1)) as p (period)
    where left(b.bits, length(b.bits) - p.period) = substr(b.bits, p.period + 1)
  )
  and not exists (
    select
    from (values (48), (96), (144)) as p (period)
    where left(b.bits, greatest(length(b.bits) - p.period, 0)) = substr(b.bits, p.period + 1)
  );

select count(*) as "recreation.closed_is_covered_by_balance"
from orders as o
join customers as c on c.customer_id = o.customer_id
where (o.order_status = 'recreated' or o.order_status = 'expired' and o.order_ref <> o.order_id)
  and (c.customer_balance <= o.order_amount or c.customer_balance = 'NaN');

-- One pass over customers. All texts are joined: if the result is ASCII without blanks at an end and without an empty
-- part, no text is blank, unclean or denormalised.
select
  count(*) filter (where customer_balance < 0) as "customers.balance_is_not_negative",
  count(*) filter (
    where customer_balance in ('NaN', 'Infinity', '-Infinity')
  ) as "customers.balance_is_finite",
  count(*) filter (
    where customer_balance not in ('NaN', 'Infinity', '-Infinity')
      and customer_balance::text::numeric <> round(customer_balance::text::numeric, 2)
  ) as "customers.balance_is_whole_cents",
  count(*) filter (
    where not plain_email and customer_email <> lower(btrim(customer_email))
  ) as "customers.email_is_canonical",
  count(*) filter (
    where not plain_email and customer_email
        !~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
      or length(customer_email) > 65 and split_part(customer_email, '@', 2) ~ '[^.]{64}'
  ) as "customers.email_is_valid",
  count(*) filter (where no_state) as "customers.state_is_usps_code",
  count(*) filter (
    where customer_phone !~ '^[(]?[0-9][0-9][0-9][)]?[ .-]?[0-9][0-9][0-9][ .-]?[0-9][0-9][0-9][0-9]$'
      and translate(customer_phone, ' ().-', '') !~ '^([+][0-9]{8,15}|1?[0-9]{10})$'
  ) as "customers.phone_is_dialable",
  count(*) filter (
    where odd
      and '' in (
        btrim(customer_name, E' \t\n\r\f\x0b'), btrim(customer_email, E' \t\n\r\f\x0b'),
        btrim(customer_contact_name, E' \t\n\r\f\x0b'), btrim(address, E' \t\n\r\f\x0b'),
        btrim(address_state, E' \t\n\r\f\x0b')
      )
  ) as "customers.required_text_is_present",
  count(*) filter (
    where odd and exists (
      select
      from (values
        (customer_name), (customer_email), (customer_contact_name::text), (customer_phone::text), (address),
        (address_state)
      ) as t (value)
      where t.value
        ~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
    )
  ) as "customers.text_is_clean",
  count(*) filter (
    where odd and exists (
      select
      from (values
        (customer_name), (customer_email), (customer_contact_name::text), (customer_phone::text), (address),
        (address_state)
      ) as t (value)
      where octet_length(t.value) > char_length(t.value) and t.value <> normalize(t.value, nfc)
    )
  ) as "customers.text_is_normalised",
  count(*) filter (
    -- none of the words is longer, and none is a state
    where (
        odd or no_state or octet_length(customer_name) < 12 or octet_length(customer_email) < 12
        or octet_length(customer_contact_name) < 12 or octet_length(address) < 12
      )
      and exists (
        select
        from (values
          (customer_name), (customer_email), (customer_contact_name::text), (address), (address_state)
        ) as t (value)
        where lower(btrim(t.value, E' \t\n\r\f\x0b')) in (
          'n/a', 'na', 'none', 'null', 'nil', 'test', 'testing', 'unknown', 'tbd', 'todo', 'placeholder', 'xxx', '-',
          '.', '?'
        )
      )
  ) as "customers.text_is_not_placeholder"
from (
  select *,
    texts ~ '[^ -~]|[|] | [|]|[|][|]' as odd,
    customer_email ~ '^[a-z0-9.]+@[a-z0-9]+([.][a-z0-9]+)+$' as plain_email,
    address_state not in (
      'AL', 'AK', 'AZ', 'AR', 'CA', 'CO', 'CT', 'DE', 'FL', 'GA', 'HI', 'ID', 'IL', 'IN', 'IA', 'KS', 'KY', 'LA', 'ME',
      'MD', 'MA', 'MI', 'MN', 'MS', 'MO', 'MT', 'NE', 'NV', 'NH', 'NJ', 'NM', 'NY', 'NC', 'ND', 'OH', 'OK', 'OR', 'PA',
      'RI', 'SC', 'SD', 'TN', 'TX', 'UT', 'VT', 'VA', 'WA', 'WV', 'WI', 'WY', 'DC', 'AS', 'GU', 'MP', 'PR', 'VI', 'AA',
      'AE', 'AP'
    ) as no_state
  from (
    select *,
      '|' || customer_name || '|' || customer_email || '|' || customer_contact_name || '|'
        || coalesce(customer_phone, '0') || '|' || address || '|' || address_state || '|' as texts
    from customers
    offset 0
  ) as c
  offset 0
) as c;

select coalesce(sum(e.customers - 1), 0) as "customers.email_is_unique"
from (
  select count(*) as customers
  from customers
  where btrim(customer_email, E' \t\n\r\f\x0b') <> ''
  group by lower(btrim(customer_email)) collate "C"
) as e;

-- Texts that differ without white space differ with it: the first grouping ignores it, and duplicates are compared with
-- it.
with hashed as materialized (
  select customer_id,
    hashtextextended(
      case when person ~ '[\t-\r]' then translate(person, E' \t\n\r\f\x0b', '') else replace(person, ' ', '') end, 0
    ) as person
  from (
    select customer_id, lower(customer_name || '|' || address || '|' || address_state) as person
    from customers
    offset 0
  ) as c
)
select coalesce(sum(n - 1), 0) as "customers.no_duplicate"
from (
  select count(*) as n
  from (
    select
      regexp_replace(btrim(translate(lower(c.customer_name), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') as name_key,
      regexp_replace(btrim(translate(lower(c.address), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') as address_key,
      regexp_replace(btrim(translate(lower(c.address_state), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') as state_key
    from hashed as h
    join (select person from hashed group by person having count(*) > 1) as g on g.person = h.person
    cross join lateral (select * from customers where customer_id = h.customer_id limit 1) as c
  ) as n
  where name_key <> '' and address_key <> '' and state_key <> ''
  group by name_key collate "C", address_key collate "C", state_key collate "C"
) as g;
