-- fails: 1
-- passes: 2, 3, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 2, 1, 'active', 5), -- violates: its ancestor is younger
    (2, 2, 1, 'active', 5), -- fine: a root
    (3, 2, 1, 'active', 5), -- fine
    (4, 99, 1, 'active', 5); -- fine here: there is no such order
