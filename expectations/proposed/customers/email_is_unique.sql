-- title: Duplicate contact e-mail address
-- severity: warning
-- key: customer_id
-- why: One company may have registered twice, with two balances: one receives the payments, the other places the
--   orders. Or two customers share a mailbox, and each reads the other's mail.
-- limitations: that the two are one customer. Several companies can share a mailbox.
-- highlight: email
select s.customer_id, s.contact_id, s.email, s.first_customer_id
from (
  select k.customer_id, k.contact_id, k.email,
    min(k.customer_id) over (partition by lower(btrim(k.email)) collate "C") as first_customer_id
  from sales.contacts as k
  where btrim(k.email, E' \t\n\r\f\x0b') <> ''
) as s
where s.first_customer_id < s.customer_id
order by s.customer_id
