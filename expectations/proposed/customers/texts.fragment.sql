select customer_id, 'name' as part, name as customer_text from sales.customers
union all
select customer_id, 'name of a contact', name from sales.contacts
union all
select customer_id, 'email of a contact', email from sales.contacts
union all
select customer_id, 'phone of a contact', phone from sales.contacts
union all
select customer_id, 'street', street from sales.addresses
union all
select customer_id, 'state', state_code from sales.addresses
