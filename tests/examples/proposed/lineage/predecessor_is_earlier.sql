-- fails: 3, 4, 5, 9, 10
-- passes: 2, 6, 7, 8

insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, balance, amount)
values
    (2, 1, 1, '2024-05-01', 10, 5), -- fine: the first order has no record
    (3, 1, 4, null, 10, 5), -- violates: a circle of two
    (4, 1, 5, null, 10, 5), -- violates
    (5, 1, 5, null, 10, 5), -- violates: itself
    (6, 1, 2, '2024-05-02', 10, 5), -- fine
    (7, 1, null, '2024-05-03', 10, 5), -- fine here: without a predecessor
    (8, 1, 7, '2024-05-05', 10, 5), -- fine
    (9, 1, 8, '2024-05-04', 10, 5), -- violates: the day before
    (10, 1, 6, '2024-05-02', 10, 5); -- violates: the same day
