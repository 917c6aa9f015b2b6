-- after customers.text_is_clean: invisible characters and no-break spaces are removed first
-- after customers.text_is_normalised: an unusual form of a letter may be the only fault
-- leave: a text that is neither a code nor an English name may be another abbreviation, a misspelling or a foreign
--   region. Check the address.

-- automatic: the code or English name of a state, territory or armed forces region becomes its code; white space and
--   case are ignored
-- update customers by customer_id:
with names (code, name) as (
  values
    ('AL', 'alabama'), ('AK', 'alaska'), ('AZ', 'arizona'), ('AR', 'arkansas'), ('CA', 'california'),
    ('CO', 'colorado'), ('CT', 'connecticut'), ('DE', 'delaware'), ('FL', 'florida'), ('GA', 'georgia'),
    ('HI', 'hawaii'), ('ID', 'idaho'), ('IL', 'illinois'), ('IN', 'indiana'), ('IA', 'iowa'), ('KS', 'kansas'),
    ('KY', 'kentucky'), ('LA', 'louisiana'), ('ME', 'maine'), ('MD', 'maryland'), ('MA', 'massachusetts'),
    ('MI', 'michigan'), ('MN', 'minnesota'), ('MS', 'mississippi'), ('MO', 'missouri'), ('MT', 'montana'),
    ('NE', 'nebraska'), ('NV', 'nevada'), ('NH', 'new hampshire'), ('NJ', 'new jersey'), ('NM', 'new mexico'),
    ('NY', 'new york'), ('NC', 'north carolina'), ('ND', 'north dakota'), ('OH', 'ohio'), ('OK', 'oklahoma'),
    ('OR', 'oregon'), ('PA', 'pennsylvania'), ('RI', 'rhode island'), ('SC', 'south carolina'),
    ('SD', 'south dakota'), ('TN', 'tennessee'), ('TX', 'texas'), ('UT', 'utah'), ('VT', 'vermont'),
    ('VA', 'virginia'), ('WA', 'washington'), ('WV', 'west virginia'), ('WI', 'wisconsin'), ('WY', 'wyoming'),
    ('DC', 'district of columbia'), ('AS', 'american samoa'), ('GU', 'guam'), ('MP', 'northern mariana islands'),
    ('PR', 'puerto rico'), ('VI', 'virgin islands'), ('VI', 'us virgin islands'), ('VI', 'u.s. virgin islands')
)
select v.customer_id, s.code as address_state
from violation as v
cross join lateral (
  -- lower ASCII letters only: some languages lower I to another letter
  select lower(
    regexp_replace(btrim(v.address_state::text, E' \t\n\r\f\x0b'), '[ \t\n\r\f\v]+', ' ', 'g') collate "C"
  ) as written
) as t
join (
  select n.code, n.name
  from names as n
  union
  select n.code, lower(n.code collate "C")
  from names as n
  union all
  values ('AA', 'aa'), ('AE', 'ae'), ('AP', 'ap')
) as s (code, name) on s.name = t.written;
