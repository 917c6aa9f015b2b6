-- title: Invalid customer e-mail address
-- severity: warning
-- key: customer_id
-- why: What is sent to this address, such as an invoice or a delivery report, may not arrive.
-- limitations: that mail does not arrive. The pattern is that of web forms, and the standard for mail allows more.
-- highlight: customer_email
select c.customer_id, c.customer_name, c.customer_email
from customers as c
-- The pattern of HTML's input type email, with at least one dot in the domain. The limit of 63 letters for a label is
-- tested separately, and only for long addresses, because counting makes the pattern slow.
where c.customer_email::text
    !~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
  or length(c.customer_email::text) > 65 and split_part(c.customer_email::text, '@', 2) ~ '[^.]{64}'
order by c.customer_id
