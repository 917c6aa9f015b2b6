-- title: API key shared by several customers
-- severity: warning
-- key: order_id
-- why: An API key of a CRM belongs to one customer. If orders of two customers share it, leads of one may arrive in
--   the CRM of the other.
-- limitations: that the key is used by mistake. Two customers may be one company, or use one CRM, as clients of an
--   agency do.
-- highlight: api_key, least_customer_id, greatest_customer_id
-- unguarded: the rule compares values inside JSON across all orders, which an index cannot do
with held as materialized (
  select o.customer_id, o.delivery_script_args as args, h.api_key
  from (
    -- Read equal arguments of a customer once.
    select distinct b.customer_id, b.delivery_script_args::text collate "C" as delivery_script_args
    from orders as b
    where b.delivery_script_args is not null
    offset 0
  ) as o
  cross join lateral (
    -- include: readable_args
    offset 0
  ) as d
  cross join lateral (
    -- For a repeated key, -> returns the last value, as readers of json do.
    select d.args ->> k.name as api_key
    from json_object_keys(case when json_typeof(d.args) = 'object' then d.args else '{}' end) as k (name)
    where translate(lower(k.name), '-_', '') = 'apikey'
      and json_typeof(d.args -> k.name) = 'string'
      and d.args ->> k.name <> ''
  ) as h
  -- Prefilter: few arguments contain such a key. Texts with escapes or non-ASCII letters must be parsed. The
  -- pattern omits the i of "apikey", because some locales do not lower I to i.
  where position('\' in o.delivery_script_args) > 0
    or octet_length(o.delivery_script_args) > length(o.delivery_script_args)
    or lower(o.delivery_script_args) like '%a%p%k%e%y%'
)
select o.order_id, o.order_ref, o.customer_id, o.order_amount, o.delivery_script_name,
  h.api_key, h.least_customer_id, h.greatest_customer_id
from orders as o
join (
  select distinct on (c.args) c.args, c.api_key, c.least_customer_id, c.greatest_customer_id
  from (
    select k.args, k.api_key,
      min(k.customer_id) over same_key as least_customer_id,
      max(k.customer_id) over same_key as greatest_customer_id
    from held as k
    window same_key as (partition by k.api_key collate "C")
  ) as c
  where c.least_customer_id <> c.greatest_customer_id
  order by c.args, c.least_customer_id, c.greatest_customer_id, c.api_key collate "C"
) as h on h.args = o.delivery_script_args::text collate "C"
where o.customer_id is not null
order by o.order_id
