-- title: Customer text is a placeholder
-- severity: warning
-- key: customer_id
-- why: Somebody had to fill a required field and had nothing to fill it with. It counts as filled in every
--   check, and fails the day it is used.
-- highlight: customer_text
select c.customer_id, t.part, t.customer_text
from sales.customers as c
join (
  -- include: required_texts
) as t on t.customer_id = c.customer_id
-- cheap test first: none of the words has more than 11 letters, and few texts have so few
where length(btrim(t.customer_text, E' \t\n\r\f\x0b')) <= 11
  and lower(btrim(t.customer_text, E' \t\n\r\f\x0b')) in (
    'n/a', 'na', 'none', 'null', 'nil', 'test', 'testing', 'unknown', 'tbd', 'todo', 'placeholder', 'xxx', '-', '.', '?'
  )
order by c.customer_id
