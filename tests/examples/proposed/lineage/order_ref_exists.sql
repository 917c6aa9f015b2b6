-- fails: 2, 3
-- passes: 1, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', 5), -- fine: a root
    (2, 99, 1, 'active', 5), -- violates: there is no order 99
    (3, null, 1, 'active', 5), -- violates: names none
    (4, 1, 2, 'active', 5); -- fine here: another customer's
