-- fails: 1, 2
-- passes: 3, 4, 5, 6

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', 5), -- violates: 2 and 3 are live in the same lineage
    (2, 1, 1, 'paused', 5), -- violates: so is 3
    (3, 1, 1, 'pending', 5), -- fine: the last
    (4, 4, 1, 'recreated', 5), -- fine: closed
    (5, 4, 1, 'active', 5), -- fine: the only one
    (6, 4, 1, 'cancelled', 5); -- fine: closed
