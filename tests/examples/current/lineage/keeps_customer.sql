-- fails: 3, 5, 9
-- passes: 1, 2, 4, 6, 7, 8, 10, 11

-- a NULL customer can only be planted without the constraint
alter table orders alter column customer_id drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values
    (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'),
    (2, 'Birch', 'bob@birch.example', 'Bob', '2 Oak Avenue', 'NY');

insert into orders (order_id, order_ref, customer_id, order_status)
values
    (1, 1, 1, 'recreated'), -- fine: a root
    (2, 1, 1, 'recreated'), -- fine: the customer of its ancestor
    (3, 1, 2, 'pending'), -- violates: order 1 belongs to customer 1
    (4, 3, 2, 'pending'), -- fine: only the ancestor counts, and order 3 has the same customer
    (5, 3, 1, 'cancelled'), -- violates: another customer than order 3, cancelled or not
    (6, 99, 2, 'pending'), -- fine here: an orphan has no ancestor to differ from
    (7, 1, null, 'pending'), -- fine here: NULL is not another customer
    (8, 8, null, 'recreated'), -- fine here: a root
    (9, 10, 1, 'pending'), -- violates: its ancestor is younger, but an ancestor all the same
    (10, 10, 2, 'pending'), -- fine: a root
    (11, 8, 1, 'pending'); -- fine here: an ancestor without a customer has no other one
