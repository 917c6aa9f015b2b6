-- title: Customer text not in Unicode NFC
-- severity: info
-- key: customer_id
-- requires: encoding utf8
-- without: Unicode normal forms exist only in UTF-8 databases
-- why: Unicode can store the same letters in composed or decomposed form. Both look alike and compare as different.
--   Searches for one form miss the other, and unique indexes usually accept both.
-- highlight: customer_text
select c.customer_id, t.part, t.customer_text
from sales.customers as c
join (
  -- include: texts
) as t on t.customer_id = c.customer_id
-- ASCII text is always in normal form, so most texts need no test.
where octet_length(t.customer_text) > char_length(t.customer_text) and t.customer_text <> normalize(t.customer_text, nfc)
order by c.customer_id
