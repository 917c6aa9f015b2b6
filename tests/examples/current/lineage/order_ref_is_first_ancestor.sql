-- fails: 3, 4, 6, 9, 12, 15, 17, 19, 20, 21, 23
-- passes: 1, 2, 5, 7, 8, 10, 11, 13, 14, 16, 18, 22, 24

-- a NULL reference or customer can only be planted without the constraints
alter table orders alter column order_ref drop not null;
alter table orders alter column customer_id drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values
    (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'),
    (2, 'Birch', 'bob@birch.example', 'Bob', '2 Oak Avenue', 'NY');

insert into orders (order_id, order_ref, customer_id)
values
    (1, 1, 1), -- fine: a root
    (2, 1, 1), -- fine: refers to a root
    (3, 2, 1), -- violates: refers to its parent 2; the first ancestor is 1
    (4, 3, 1), -- violates: one step further down the same chain
    (5, 99, 1), -- fine here: an orphan has no ancestor to judge
    (6, 5, 1), -- violates: its ancestor is an orphan, so no root
    (7, 8, 1), -- fine here: lies on a cycle of two
    (8, 7, 1), -- fine here: see 7
    (9, 7, 1), -- violates: leads into the cycle, but does not lie on it
    (10, 10, 1), -- fine: a root
    (11, null, 1), -- fine here: refers to nothing
    (12, 11, 1), -- violates: an ancestor that refers to nothing is no root
    (13, 14, 1), -- fine here: refers to a root; that the root is younger is not asked
    (14, 14, 1), -- fine: a root
    (15, 16, 1), -- violates: refers to a younger order that is no root
    (16, 1, 1), -- fine: refers to a root
    (17, 2, 2), -- violates: refers to its parent 2, whose customer it does not share
    (18, 1, 2), -- fine here: refers to a root, though of another customer
    (19, 18, 2), -- violates: its parent is of its customer, the first ancestor of another
    (20, 19, 2), -- violates: one step further
    (21, 2, null), -- violates: without a customer all the same
    (22, 22, null), -- fine: a root without a customer
    (23, 24, 1), -- violates: the parent 24 is no root
    (24, 22, 1); -- fine: refers to a root
