-- fails: 4, 5, 6, 7, 9
-- passes: 2, 3, 8, 10

insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, balance, amount, created_at)
values
    (2, 1, 1, '2024-05-01', 10, 5, '2024-05-02 03:59Z'), -- fine: 23:59 in New York
    (3, 1, 2, '2024-05-01', 10, 5, '2024-05-02 04:00Z'), -- fine: a run across midnight
    (4, 1, 3, '2024-05-03', 10, 5, '2024-05-03 03:59Z'), -- violates: a day that has not begun
    (5, 1, 4, '2024-05-01', 10, 5, '2024-05-03 04:00Z'), -- violates: two days late
    (6, 1, 5, null, 10, 5, '2024-05-03 12:00Z'), -- violates
    (7, 1, 6, '2024-05-03', 10, 5, null), -- violates
    (8, 1, 7, '2024-03-10', 10, 5, '2024-03-10 05:00Z'), -- fine: midnight of a day of 23 hours
    (9, 1, 8, '2024-03-11', 10, 5, '2024-03-11 03:59Z'), -- violates: its 23 hours are not over
    (10, 1, 9, '2024-11-03', 10, 5, '2024-11-04 04:59Z'); -- fine: the end of a day of 25 hours
