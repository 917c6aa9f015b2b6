-- title: Plaintext secret in delivery arguments
-- severity: critical
-- key: order_id
-- why: Everyone who may read orders, a backup or a replica can read this credential. Move it to a secret store that
--   only the delivery job can read, and rotate it: treat it as leaked.
-- limitations: that each value is a working secret. Keys are judged by their names; values are not tried.
-- highlight: args
select o.order_id, o.customer_id, d.script_name, d.args
from sales.orders as o
join sales.deliveries as d on d.delivery_id = o.delivery_id
-- Cheap test first: few arguments contain a secret.
where d.args::text ~* '(api[-_]?key|secret|token|password|passwd|pwd|credential|private[-_]?key|authorization)'
  and exists (
    with recursive node (name, value) as (
      select null::text, d.args
      union all
      select below.name, below.value
      from node as n
      cross join lateral (
        select m.key, m.value
        from jsonb_each(case when jsonb_typeof(n.value) = 'object' then n.value else '{}' end) as m
        union all
        select null, e.value
        from jsonb_array_elements(case when jsonb_typeof(n.value) = 'array' then n.value else '[]' end) as e
      ) as below (name, value)
    )
    select
    from node as n
    where n.name ~* '(api[-_]?key|secret|token|password|passwd|pwd|credential|private[-_]?key|authorization)'
      and jsonb_typeof(n.value) = 'string'
      and n.value #>> '{}' <> ''
      and n.value #>> '{}' !~ '^secret-ref:[A-Za-z0-9_./-]+$'
  )
order by o.order_id
