-- fails: 1, 2, 3
-- passes: 4, 5

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'done', 5), -- violates
    (2, 2, 1, 'Active', 5), -- violates: case counts
    (3, 3, 1, null, 5), -- violates
    (4, 4, 1, 'recreated', 5), -- fine
    (5, 5, 1, 'paused', 5); -- fine
