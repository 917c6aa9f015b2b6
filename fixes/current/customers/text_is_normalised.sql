-- after customers.text_is_clean: an invisible character may separate an accent from its letter
-- leave: a few letters are longer in normal form. If the column is too short for them, the text does not change.

-- automatic: texts are stored in normal form C, with the same letters
-- update customers by customer_id:
select v.customer_id,
  max(t.normal) filter (where t.name = 'customer_name') as customer_name,
  max(t.normal) filter (where t.name = 'customer_email') as customer_email,
  max(t.normal) filter (where t.name = 'customer_contact_name') as customer_contact_name,
  max(t.normal) filter (where t.name = 'customer_phone') as customer_phone,
  max(t.normal) filter (where t.name = 'address') as address,
  max(t.normal) filter (where t.name = 'address_state') as address_state
from violation as v
cross join lateral (
  select n.name, case
      when char_length(n.normal) <= char_length(n.value)
        or order_audit.as_stored('customers', n.name, n.normal) = n.normal
        then n.normal
      else n.value
    end as normal
  from (
    select c.name, c.value, normalize(c.value, nfc) as normal
    -- include: texts
  ) as n
) as t
group by v.customer_id;
