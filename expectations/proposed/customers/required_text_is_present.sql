-- title: Required customer text is missing
-- severity: warning
-- key: customer_id
-- why: NOT NULL excludes NULL, but accepts an empty or blank text. An invoice or a letter that uses the text lacks
--   it. Customers without any contact or address are found by
--   customers.has_main_contact and customers.has_main_address.
-- highlight: customer_text
select c.customer_id, t.part, t.customer_text
from sales.customers as c
join (
  -- include: required_texts
) as t on t.customer_id = c.customer_id
where coalesce(btrim(t.customer_text, E' \t\n\r\f\x0b'), '') = ''
order by c.customer_id
