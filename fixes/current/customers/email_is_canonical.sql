-- after customers.text_is_clean: white space and invisible characters are taken away first
-- after customers.text_is_normalised: some capitals only show in normal form
-- after customers.email_is_valid: without white space around them, more addresses may prove to be the same
-- after customers.email_is_unique: an address stands in no other's way once its customers are merged
-- after customers.no_duplicate: an address stands in no other's way once its customers are merged
-- assumes: no mail server tells capitals and small letters apart before the @. The standard lets it; none that is in use
--   is known to.
-- leave: in small letters the address would be the same as another customer's. Whose it is has to be decided first, by
--   customers.email_is_unique.

-- automatic: the address in small letters, without spaces around it, unless another customer would then have the same
-- update customers by customer_id:
select v.customer_id, a.written as customer_email
from violation as v
cross join lateral (select lower(btrim(v.customer_email::text)) as plain) as p
cross join lateral (
  -- a small letter and its accent may have a letter of their own where the capital has none
  select case when getdatabaseencoding() = 'UTF8' then normalize(p.plain, nfc) else p.plain end as written
) as a
where not exists (
    select
    from customers as c
    where c.customer_id <> v.customer_id
      and lower(btrim(c.customer_email::text)) collate "C" = p.plain collate "C"
      and p.plain <> ''  -- nothing at all is no address
  )
  -- in some languages small letters are longer than capitals
  and (
    char_length(a.written) <= char_length(v.customer_email::text)
    or order_audit.as_stored('customers', 'customer_email', a.written) = a.written
  );
