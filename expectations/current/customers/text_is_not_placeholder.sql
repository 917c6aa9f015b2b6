-- title: Customer text that stands in for something missing
-- severity: warning
-- key: customer_id
-- why: Somebody had to fill a required field and had nothing to fill it with. It counts as filled in every
--   check, and fails the day it is used.
-- offends: customer_name, customer_email, customer_contact_name, address, address_state
--   where lower(btrim(value, E' \t\n\r\f\x0b')) in ('n/a', 'na', 'none', 'null', 'nil', 'test',
--   'testing', 'unknown', 'tbd', 'todo', 'placeholder', 'xxx', '-', '.', '?')
select c.customer_id, c.customer_name, c.customer_email, c.customer_contact_name, c.address, c.address_state
from customers as c
-- looked for in all texts at once, then in each
where lower(concat_ws(
    '|', c.customer_name, c.customer_email, c.customer_contact_name, c.address, c.address_state
  ))
    ~ '(^|\|)[ \t\n\r\f\v]*(n/a|na|none|null|nil|test|testing|unknown|tbd|todo|placeholder|xxx|-|\.|\?)[ \t\n\r\f\v]*(\||$)'
  and exists (
    select
    from (values
      (c.customer_name::text),
      (c.customer_email::text),
      (c.customer_contact_name::text),
      (c.address::text),
      (c.address_state::text)
    ) as t (value)
    where lower(btrim(t.value, E' \t\n\r\f\x0b')) in (
      'n/a', 'na', 'none', 'null', 'nil', 'test', 'testing', 'unknown', 'tbd', 'todo', 'placeholder', 'xxx',
      '-', '.', '?'
    )
  )
order by c.customer_id
