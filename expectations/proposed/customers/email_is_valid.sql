-- title: Invalid contact e-mail address
-- severity: warning
-- key: customer_id
-- why: What is sent to this address, such as an invoice or a delivery report, may not arrive.
-- limitations: that mail does not arrive. The pattern is that of web forms, and the standard for mail allows more.
-- highlight: email
select k.customer_id, k.contact_id, k.name as contact_name, k.email
from sales.contacts as k
-- The pattern of HTML's input type email, with at least one dot in the domain. The limit of 63 letters for a label is
-- tested separately, and only for long addresses, because counting makes the pattern slow.
where k.email
    !~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
  or length(k.email) > 65 and split_part(k.email, '@', 2) ~ '[^.]{64}'
order by k.customer_id
