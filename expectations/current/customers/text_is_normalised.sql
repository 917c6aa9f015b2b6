-- title: Customer text that is not in Unicode normal form C
-- severity: info
-- key: customer_id
-- needs: encoding utf8
-- unchecked: Unicode normal forms are only defined in a UTF-8 database
-- why: The same letters can be stored in two ways, composed and decomposed. They look alike and compare as
--   different: searches miss one, unique indexes let both in.
select c.customer_id, c.customer_name, c.customer_email, c.customer_contact_name, c.customer_phone,
  c.address, c.address_state
from customers as c
where exists (
  select
  from (values
    (c.customer_name::text),
    (c.customer_email::text),
    (c.customer_contact_name::text),
    (c.customer_phone::text),
    (c.address::text),
    (c.address_state::text)
  ) as t (value)
  -- plain ASCII is in normal form: most texts need not be looked at
  where octet_length(t.value) > char_length(t.value)
    and t.value <> normalize(t.value, nfc)
)
order by c.customer_id
