-- title: Invalid customer phone number
-- severity: info
-- key: customer_id
-- why: The number has the wrong length or contains characters that cannot be dialled. The customer may be out of reach
--   when an order fails.
-- limitations: that the number cannot be called. A local number without area code works in its own area.
-- highlight: phone
select k.customer_id, k.contact_id, k.name as contact_name, k.phone
from sales.contacts as k
cross join lateral (
  select translate(k.phone, ' ().-', '') as dialled
  offset 0
) as p
-- Lengths are tested separately, because counting makes a pattern slow.
where p.dialled !~ '^[+]?[0-9]+$'
  or case left(p.dialled, 1)
    when '+' then length(p.dialled) not between 9 and 16
    when '1' then length(p.dialled) not in (10, 11)
    else length(p.dialled) <> 10
  end
order by k.customer_id
