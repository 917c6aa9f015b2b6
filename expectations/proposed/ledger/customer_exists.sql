-- title: Ledger entry references a missing customer
-- severity: critical
-- key: customer_id
-- why: The entry records money of a customer that does not exist. The money belongs to no customer.
-- highlight: customer_id
select e.customer_id, e.entry_number, e.amount, e.reason
from sales.ledger_entries as e
left join sales.customers as c on c.customer_id = e.customer_id
where c.customer_id is null
order by e.customer_id, e.entry_number
