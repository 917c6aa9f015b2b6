-- fails: 1
-- passes: 2, 3

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', -0.01), -- violates
    (2, 2, 1, 'active', 0), -- fine
    (3, 3, 1, 'active', 'NaN'); -- fine here
