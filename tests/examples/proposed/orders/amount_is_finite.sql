-- fails: 1
-- passes: 2, 3, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', 'NaN'), -- violates
    (2, 2, 1, 'active', 0), -- fine here
    (3, 3, 1, 'active', -1), -- fine here: a number
    (4, 4, 1, 'active', null); -- fine here
