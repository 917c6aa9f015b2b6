-- title: Invalid customer phone number
-- severity: info
-- key: customer_id
-- why: The number has the wrong length or contains characters that cannot be dialled. The customer may be out of reach
--   when an order fails.
-- limitations: that the number cannot be called. A local number without area code works in its own area.
-- highlight: customer_phone
-- unfixed: the right number is not in the data. Text after the number may be an extension that is needed. Ask the
--   customer.
select c.customer_id, c.customer_name, c.customer_phone
from customers as c
cross join lateral (
  select translate(c.customer_phone::text, ' ().-', '') as dialled
  offset 0
) as p
-- Lengths are tested separately, because counting makes a pattern slow.
where p.dialled !~ '^[+]?[0-9]+$'
  or case left(p.dialled, 1)
    when '+' then length(p.dialled) not between 9 and 16
    when '1' then length(p.dialled) not in (10, 11)
    else length(p.dialled) <> 10
  end
order by c.customer_id
