-- fails: 2, 4
-- passes: 1, 3, 5, 6, 7

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'cancelled', 5), -- fine
    (2, 1, 1, 'active', 5), -- violates: its root was cancelled
    (3, 3, 1, 'expired', 5), -- fine
    (4, 3, 1, 'paused', 5), -- violates: its root has expired
    (5, 3, 1, 'expired', 5), -- fine: closed
    (6, 6, 1, 'recreated', 5), -- fine
    (7, 6, 1, 'active', 5); -- fine: its root was recreated
