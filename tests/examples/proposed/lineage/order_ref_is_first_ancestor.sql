-- fails: 3, 6
-- passes: 1, 2, 4, 5, 7

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', 5), -- fine: a root
    (2, 1, 1, 'active', 5), -- fine: names a root
    (3, 2, 1, 'active', 5), -- violates: names a recreation
    (4, 5, 1, 'active', 5), -- fine here: lies on a circle
    (5, 4, 1, 'active', 5), -- fine here: lies on a circle
    (6, 5, 1, 'active', 5), -- violates: leads into a circle
    (7, 99, 1, 'active', 5); -- fine here: there is no such order
