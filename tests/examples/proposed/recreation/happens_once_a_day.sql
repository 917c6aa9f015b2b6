-- fails: 3, 4
-- passes: 2, 5, 7, 8

insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, balance, amount)
values
    (2, 1, 1, '2024-05-01', 10, 5), -- fine
    (3, 1, 2, '2024-05-01', 10, 5), -- violates
    (4, 1, 3, '2024-05-01', 10, 5), -- violates
    (5, 1, 4, '2024-05-02', 10, 5), -- fine: the next day
    (7, 6, 6, '2024-05-01', 10, 5), -- fine: another lineage
    (8, 6, 7, null, 10, 5); -- fine here: without a day
