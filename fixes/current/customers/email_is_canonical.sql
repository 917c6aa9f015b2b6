-- after customers.text_is_clean: white space and invisible characters are removed first
-- after customers.text_is_normalised: some capitals are recognised only in normal form
-- after customers.email_is_valid: without surrounding white space, more addresses may prove to be equal
-- after customers.email_is_unique: customers with the same address are merged first
-- after customers.no_duplicate: customers with the same address may be merged first
-- assumes: mail servers ignore case before the @. The standard permits case-sensitive names, but no server in use is
--   known to distinguish them.
-- leave: in small letters the address would equal another customer's address. Decide customers.email_is_unique first.

-- automatic: the address is written in small letters without surrounding spaces, unless another customer would then
--   have the same address
-- update customers by customer_id:
select v.customer_id, a.written as customer_email
from violation as v
cross join lateral (select lower(btrim(v.customer_email::text)) as plain) as p
cross join lateral (
  -- a small letter with an accent may be one character, where the capital is two
  select case when getdatabaseencoding() = 'UTF8' then normalize(p.plain, nfc) else p.plain end as written
) as a
where not exists (
    select
    from customers as c
    where c.customer_id <> v.customer_id
      and lower(btrim(c.customer_email::text)) collate "C" = p.plain collate "C"
      and p.plain <> ''  -- an empty text is not an address
  )
  -- In some languages the small letters of a text are longer than its capitals.
  and (
    char_length(a.written) <= char_length(v.customer_email::text)
    or order_audit.as_stored('customers', 'customer_email', a.written) = a.written
  );
