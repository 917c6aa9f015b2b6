-- title: Ledger entry for another customer's order
-- severity: critical
-- key: customer_id
-- why: The entry changes the balance of one customer and names an order that another has, or that does not exist. So
--   one customer pays for the leads of another, or for none that can be found.
-- highlight: order_id, order_customer_id
select e.customer_id, e.entry_number, e.amount, e.reason, e.order_id, o.customer_id as order_customer_id
from sales.ledger_entries as e
left join sales.orders as o on o.order_id = e.order_id
where e.order_id is not null and o.customer_id is distinct from e.customer_id
order by e.customer_id, e.entry_number
