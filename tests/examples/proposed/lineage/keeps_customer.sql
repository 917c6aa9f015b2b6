-- fails: 2
-- passes: 1, 3, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', 5), -- fine: a root
    (2, 1, 2, 'active', 5), -- violates: another customer than its ancestor
    (3, 1, 1, 'active', 5), -- fine
    (4, 99, 2, 'active', 5); -- fine here: there is no such order
