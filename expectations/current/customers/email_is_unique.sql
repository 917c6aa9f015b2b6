-- title: Duplicate customer e-mail address
-- severity: warning
-- key: customer_id
-- why: One company may have registered twice, with two balances: one receives the payments, the other places the
--   orders. Or two customers share a mailbox, and each reads the other's mail.
-- limitations: that the two are one customer. Several companies can share a mailbox.
-- highlight: customer_email
-- allowed_by: schema.natural_key_is_unique customers.customer_email where it is spelt the same way
select s.customer_id, s.customer_name, s.customer_email, s.first_customer_id
from (
  select h.customer_id, h.customer_name, h.customer_email,
    min(h.customer_id) over (partition by lower(btrim(h.customer_email::text)) collate "C") as first_customer_id
  from (
    -- Numbers sort faster than texts: compare only texts whose hash occurs twice.
    select c.customer_id, c.customer_name, c.customer_email,
      count(*) over (
        partition by hashtextextended(lower(btrim(c.customer_email::text)) collate "C", 0)
      ) as customers
    from customers as c
    where btrim(c.customer_email::text, E' \t\n\r\f\x0b') <> ''
  ) as h
  where h.customers > 1
) as s
where s.first_customer_id < s.customer_id
order by s.customer_id
