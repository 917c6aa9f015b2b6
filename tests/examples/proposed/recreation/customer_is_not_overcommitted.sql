-- fails: 1, 3, 4
-- passes: 2, 5

insert into sales.customers (customer_id, name, balance)
values
    (1, 'Acme', 10), -- violates: 10.01 is more
    (2, 'Birch', 10), -- fine: equal
    (3, 'Cedar', 'NaN'), -- violates
    (4, 'Dogwood', null), -- violates
    (5, 'Elm', 0); -- fine: nothing live
insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', 5), (2, 2, 1, 'paused', 5.01),
    (3, 3, 2, 'active', 5), (4, 4, 2, 'pending', 5), (5, 5, 2, 'cancelled', 5),
    (6, 6, 3, 'active', 5), (7, 7, 4, 'active', 5), (8, 8, 5, 'expired', 5);
