-- title: Invalid US state code
-- severity: warning
-- key: customer_id
-- why: Taxes and sales territories depend on the state, but the table of states accepts any two capital letters. An
--   invented or foreign code matches none of them.
-- highlight: state_code
select a.customer_id, a.address_id, a.state_code
from sales.addresses as a
where a.state_code not in (
  'AL', 'AK', 'AZ', 'AR', 'CA', 'CO', 'CT', 'DE', 'FL', 'GA', 'HI', 'ID', 'IL', 'IN', 'IA', 'KS', 'KY', 'LA', 'ME',
  'MD', 'MA', 'MI', 'MN', 'MS', 'MO', 'MT', 'NE', 'NV', 'NH', 'NJ', 'NM', 'NY', 'NC', 'ND', 'OH', 'OK', 'OR', 'PA',
  'RI', 'SC', 'SD', 'TN', 'TX', 'UT', 'VT', 'VA', 'WA', 'WV', 'WI', 'WY',
  'DC', 'AS', 'GU', 'MP', 'PR', 'VI',  -- the district and the territories
  'AA', 'AE', 'AP'  -- the armed forces
)
order by a.customer_id
