-- title: Address references a missing customer
-- severity: critical
-- key: address_id
-- why: The address belongs to a customer that does not exist. Reports by state still count it.
-- highlight: customer_id
select a.address_id, a.customer_id
from sales.addresses as a
left join sales.customers as c on c.customer_id = a.customer_id
where c.customer_id is null
order by a.address_id
