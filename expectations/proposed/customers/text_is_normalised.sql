-- title: Customer text not in Unicode NFC
-- severity: info
-- key: customer_id
-- requires: encoding utf8
-- without: Unicode normal forms are only defined in a UTF-8 database
-- why: The same letters can be stored in two ways, composed and decomposed. They look alike and compare as
--   different: searches miss one, unique indexes let both in.
-- highlight: customer_text
select c.customer_id, t.part, t.customer_text
from sales.customers as c
join (
  -- include: texts
) as t on t.customer_id = c.customer_id
-- plain ASCII is in normal form: most texts need not be looked at
where octet_length(t.customer_text) > char_length(t.customer_text) and t.customer_text <> normalize(t.customer_text, nfc)
order by c.customer_id
