-- fails: 4, 5, 6, 7
-- passes: 1, 2, 3, 8, 9, 10

-- a NULL reference can only be planted without the constraint
alter table orders alter column order_ref drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id)
values
    (1, 1, 1), -- fine: a root refers to itself
    (2, 1, 1), -- fine: a recreation of order 1
    (3, 2, 1), -- fine here: order 2 is no first ancestor, but it exists
    (4, 99, 1), -- violates: there is no order 99
    (5, 0, 1), -- violates: there is no order 0 either
    (6, -1, 1), -- violates: nor an order -1
    (7, null, 1), -- violates: NULL refers to no order
    (8, 9, 1), -- fine here: 8 and 9 go round in a circle, but both exist
    (9, 8, 1), -- fine here: see 8
    (10, 4, 1); -- fine here: order 4 is an orphan, yet it exists
