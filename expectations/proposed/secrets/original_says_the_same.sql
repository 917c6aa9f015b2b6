-- title: Delivery arguments differ from the original
-- severity: critical
-- key: delivery_id
-- requires: sales_old.delivery_texts.args_text
-- why: Old applications read the original arguments; new applications read the stored arguments and their secrets.
--   Where they differ, or one is missing, orders are delivered in two ways.
-- highlight: has_args, has_original
select d.delivery_id, d.customer_id, d.script_name, d.args is not null as has_args, t.args_text is not null as has_original
from sales.deliveries as d
left join sales_old.delivery_texts as t on t.delivery_id = d.delivery_id
cross join lateral (
  select case
    when strpos(d.args::text, '"secret-ref:sales/') = 0 then d.args
    else (
      -- Insert the secrets again: cut the text at each reference and join the pieces.
      select string_agg(
          p.found[1] || coalesce(to_json(s.secret)::text, p.found[2], ''), '' order by p.number
        )::jsonb
      from regexp_matches(d.args::text, '(.*?)("secret-ref:sales/[0-9]+"|$)', 'g') with ordinality as p (found, number)
      left join sales_private.secrets as s
        on s.customer_id = d.customer_id and p.found[2] = '"secret-ref:sales/' || s.secret_id || '"'
    )
  end as args
  offset 0
) as whole
cross join lateral (
  select case
    -- originals that jsonb rejects: see orders.delivery_args_convert_to_jsonb
    when (
      -- include: rejected_by_jsonb
    )
    then '"not JSON"'::jsonb
    else t.args_text::jsonb
  end as args
  offset 0
) as original
-- JSON null means no arguments. Originals with references are those whose secrets are hidden or forgotten.
where nullif(original.args, 'null') is distinct from nullif(whole.args, 'null')
  and nullif(original.args, 'null') is distinct from d.args
order by d.delivery_id
