-- fails: 2, 3
-- passes: 1

insert into sales.customers (customer_id, name) values (1, 'Acme'), (2, 'Birch'), (3, 'Cedar');
insert into sales.addresses (address_id, customer_id, street, state_code, is_main)
values
    (1, 1, '1 Main Street', 'CA', true), -- fine
    (2, 1, '2 Main Street', 'CA', false), -- fine: one more
    (3, 2, '3 Oak Avenue', 'NY', false); -- violates: is not the main one; and 3 has none at all
