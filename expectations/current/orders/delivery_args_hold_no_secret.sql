-- title: Plaintext secret in delivery arguments
-- severity: critical
-- key: order_id
-- why: Everyone who may read orders, a backup or a replica can read this credential. Move it to a secret store that
--   only the delivery job can read, and rotate it: treat it as leaked.
-- limitations: that each value is a working secret. Keys are judged by their names; values are not tried.
-- highlight: delivery_script_args
-- do_now: rotate these secrets: everyone who could read the table may know them
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
  o.delivery_script_name, o.delivery_script_args
from orders as o
cross join lateral (
  -- include: readable_args
  offset 0
) as d
-- Cheap tests first: few arguments contain a secret, and in ASCII text without escapes its name is visible.
where (
    strpos(o.delivery_script_args::text, '\') > 0
    or octet_length(o.delivery_script_args::text) > char_length(o.delivery_script_args::text)
    -- Independent of the locale: locales differ in lowering I, and no pattern contains an i.
    or lower(o.delivery_script_args::text collate "C")
        like any (array['%key%', '%secret%', '%token%', '%passw%', '%pwd%', '%credent%', '%author%'])
      and (
        -- a non-empty string that does not begin as a reference, under a key with such a name ...
        replace(o.delivery_script_args::text, '"secret-ref:', 'secret-ref:') ~ '"[ \t\n\r]*:[ \t\n\r]*"[^"]'
        and replace(o.delivery_script_args::text, '"secret-ref:', 'secret-ref:')
          ~* '(api[-_]?key|secret|token|password|passwd|pwd|credential|private[-_]?key|authorization)[^"]*"[ \t\n\r]*:[ \t\n\r]*"[^"]'
        -- ... or a string that begins as a reference but is not a valid one
        or o.delivery_script_args::text ~ '"secret-ref:([A-Za-z0-9_./-]*[^A-Za-z0-9_./"-]|")'
      )
  )
  and exists (
    with recursive node (name, value) as (
      select null::text, d.args
      union all
      select below.name, below.value
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
    from node as n
    where lower(n.name) ~ '(api[-_]?key|secret|token|password|passwd|pwd|credential|private[-_]?key|authorization)'
      and json_typeof(n.value) = 'string'
      and n.value #>> '{}' <> ''
      and n.value #>> '{}' !~ '^secret-ref:[A-Za-z0-9_./-]+$'
  )
order by o.order_id
