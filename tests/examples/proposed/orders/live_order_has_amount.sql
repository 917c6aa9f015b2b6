-- fails: 1, 2
-- passes: 3, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', 0), -- violates
    (2, 2, 1, 'pending', 0.00), -- violates
    (3, 3, 1, 'cancelled', 0), -- fine: closed
    (4, 4, 1, 'active', 0.01); -- fine
