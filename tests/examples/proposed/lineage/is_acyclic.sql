-- fails: 3, 4, 5, 6, 7
-- passes: 1, 2, 8, 9

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', 5), -- fine: a root
    (2, 1, 1, 'active', 5), -- fine: names a root
    (3, 4, 1, 'active', 5), -- violates: a circle of two
    (4, 3, 1, 'active', 5), -- violates
    (5, 6, 1, 'active', 5), -- violates: a circle of three
    (6, 7, 1, 'active', 5), -- violates
    (7, 5, 1, 'active', 5), -- violates
    (8, 3, 1, 'active', 5), -- fine here: leads into a circle
    (9, 2, 1, 'active', 5); -- fine here: names a recreation
