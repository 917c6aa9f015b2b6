-- fails: 2, 3, 7
-- passes: 1, 4, 5, 6, 8, 9

insert into sales.customers (customer_id, name, balance)
values (1, 'Acme', 10), (2, 'Birch', 'NaN'), (3, 'Cedar', null);
insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'recreated', 5), -- fine: covered
    (2, 1, 1, 'recreated', 10), -- violates: not covered today, and nothing was written down
    (3, 1, 1, 'expired', 50), -- violates
    (4, 1, 1, 'expired', 50), -- fine: what was written down tells
    (5, 1, 1, 'cancelled', 50), -- fine here
    (6, 6, 1, 'active', 50), -- fine: a root that is live
    (7, 7, 2, 'recreated', 5), -- violates: a root that led to a recreation; NaN covers nothing
    (8, 8, 1, 'recreated', 50), -- fine: what was written down of 9 tells
    (9, 8, 1, 'active', 50); -- fine here: live
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, balance, amount)
values (4, 1, 3, 60, 50), (9, 8, 8, 60, 50);
