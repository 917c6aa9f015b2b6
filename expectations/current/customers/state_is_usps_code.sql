-- title: Invalid US state code
-- severity: warning
-- key: customer_id
-- why: Taxes and sales territories depend on the state. A comparison with the two-letter codes misses a state in any
--   other spelling, and a foreign region has no such code.
-- highlight: address_state
select c.customer_id, c.customer_name, c.address_state
from customers as c
where c.address_state::text not in (
  'AL', 'AK', 'AZ', 'AR', 'CA', 'CO', 'CT', 'DE', 'FL', 'GA', 'HI', 'ID', 'IL', 'IN', 'IA', 'KS', 'KY', 'LA', 'ME',
  'MD', 'MA', 'MI', 'MN', 'MS', 'MO', 'MT', 'NE', 'NV', 'NH', 'NJ', 'NM', 'NY', 'NC', 'ND', 'OH', 'OK', 'OR', 'PA',
  'RI', 'SC', 'SD', 'TN', 'TX', 'UT', 'VT', 'VA', 'WA', 'WV', 'WI', 'WY',
  'DC', 'AS', 'GU', 'MP', 'PR', 'VI',  -- the district and the territories
  'AA', 'AE', 'AP'  -- the armed forces
)
order by c.customer_id
