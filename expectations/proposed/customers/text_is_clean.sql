-- title: Customer text has stray characters
-- severity: info
-- key: customer_id
-- why: Surrounding white space, control characters and invisible characters make texts that look equal differ, and
--   can break exports. They can also make a text display differently from what is stored. U+FFFD marks letters that
--   are already lost.
-- highlight: customer_text
select c.customer_id, t.part, t.customer_text
from sales.customers as c
join (
  -- include: texts
) as t on t.customer_id = c.customer_id
where t.customer_text ~ '^[ \t\n\r\f\v]|[ \t\n\r\f\v]$|[\u0001-\u001f\u007f]'
  -- In other encodings these numbers are other characters: U+0092 is the apostrophe of WIN1252.
  or getdatabaseencoding() in ('UTF8', 'LATIN1')
    and t.customer_text ~ '[\u0080-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
order by c.customer_id
