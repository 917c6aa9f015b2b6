-- assumes: no text needs joiners or direction marks to be read. Some Indian scripts, Persian and Arabic do.
-- leave: U+FFFD marks lost letters that are not in the data: enter the text again. In encodings other than UTF-8 and
--   LATIN1, invisible characters cannot be recognised, and nothing is removed.

-- automatic: line ends, tabs and no-break spaces become spaces; other control characters, invisible characters and
--   surrounding white space are removed. Rows with U+FFFD in any of their texts are left
-- update customers by customer_id:
select v.customer_id,
  max(t.clean) filter (where t.name = 'customer_name') as customer_name,
  max(t.clean) filter (where t.name = 'customer_email') as customer_email,
  max(t.clean) filter (where t.name = 'customer_contact_name') as customer_contact_name,
  max(t.clean) filter (where t.name = 'customer_phone') as customer_phone,
  max(t.clean) filter (where t.name = 'address') as address,
  max(t.clean) filter (where t.name = 'address_state') as address_state
from violation as v
cross join lateral (
  select c.name, c.value, btrim(
      regexp_replace(
        -- a tab or a line end between two words becomes a space
        regexp_replace(c.value, '\r\n|[\t\n\r\f\v\u00a0]', ' ', 'g'),
        '[\u0001-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]', '', 'g'
      )
    ) as clean
  -- include: texts
) as t
group by v.customer_id
having bool_or(t.value ~ '\ufffd') is not true
  and getdatabaseencoding() in ('UTF8', 'LATIN1');
