-- fails: 3, 4, 5, 6, 7
-- passes: 2

insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, balance, amount)
values
    (2, 1, 1, 5.01, 5), -- fine
    (3, 1, 2, 5, 5), -- violates: equal is not enough
    (4, 1, 3, 4, 5), -- violates
    (5, 1, 4, 'NaN', 5), -- violates: NaN covers nothing
    (6, 1, 5, null, 5), -- violates
    (7, 1, 6, 10, 'NaN'); -- violates
