-- title: Required customer text is missing
-- severity: warning
-- key: customer_id
-- why: A blank is as good as nothing: there is nobody to write to, nobody to ask for, or nowhere to send
--   the invoice. (A customer with no contact or address at all is found by the rules on those.)
-- highlight: customer_text
select c.customer_id, t.part, t.customer_text
from sales.customers as c
join (
  -- include: required_texts
) as t on t.customer_id = c.customer_id
where coalesce(btrim(t.customer_text, E' \t\n\r\f\x0b'), '') = ''
order by c.customer_id
