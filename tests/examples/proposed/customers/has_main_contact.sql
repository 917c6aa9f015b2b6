-- fails: 2, 3
-- passes: 1

insert into sales.customers (customer_id, name) values (1, 'Acme'), (2, 'Birch'), (3, 'Cedar');
insert into sales.contacts (contact_id, customer_id, name, is_main)
values
    (1, 1, 'Ann', true), -- fine
    (2, 1, 'Al', false), -- fine: one more
    (3, 2, 'Bob', false); -- violates: is not the main one; and 3 has none at all
