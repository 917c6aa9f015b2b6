-- fails: 3, 6
-- passes: 1, 2, 4, 5, 7, 8

-- a NULL reference can only be planted without the constraint
alter table orders alter column order_ref drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id)
values
    (1, 1, 1), -- fine: as old as itself
    (2, 1, 1), -- fine: order 1 is older
    (3, 4, 1), -- violates: order 4 was created after its own recreation
    (4, 4, 1), -- fine: a root
    (5, 99, 1), -- fine here: 99 is greater than 5, but there is no order 99
    (6, 7, 1), -- violates: the first half of a cycle
    (7, 6, 1), -- fine here: the second half refers to an older order
    (8, null, 1); -- fine here: refers to nothing
