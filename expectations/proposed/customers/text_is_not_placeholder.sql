-- title: Customer text is a placeholder
-- severity: warning
-- key: customer_id
-- why: The text of a required field usually stands for a missing value. Checks for missing values accept it.
-- limitations: that a value is missing. A company can have such a name.
-- highlight: customer_text
select c.customer_id, t.part, t.customer_text
from sales.customers as c
join (
  -- include: required_texts
) as t on t.customer_id = c.customer_id
-- Cheap test first: no placeholder has more than 11 letters, and few texts are that short.
where length(btrim(t.customer_text, E' \t\n\r\f\x0b')) <= 11
  and lower(btrim(t.customer_text, E' \t\n\r\f\x0b')) in (
    'n/a', 'na', 'none', 'null', 'nil', 'test', 'testing', 'unknown', 'tbd', 'todo', 'placeholder', 'xxx', '-', '.', '?'
  )
order by c.customer_id
