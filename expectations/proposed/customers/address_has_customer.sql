-- title: Address references a missing customer
-- severity: critical
-- key: address_id
-- why: Its customer is not there. It is counted in its state, and nobody can be found at it.
-- highlight: customer_id
select a.address_id, a.customer_id
from sales.addresses as a
left join sales.customers as c on c.customer_id = a.customer_id
where c.customer_id is null
order by a.address_id
