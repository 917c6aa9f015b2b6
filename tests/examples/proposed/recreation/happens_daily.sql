-- fails: 3, 8, 10
-- passes: 1, 2, 4, 5, 6, 7, 9, 11

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, created_at)
values
    (1, 1, 1, 5, '2024-05-01 04:00Z'), -- fine: the first
    (2, 1, 1, 5, '2024-05-03 03:59Z'), -- fine: the next day
    (3, 1, 1, 5, '2024-05-04 04:00Z'), -- violates: a day is missing
    (4, 1, 1, 5, '2024-05-04 12:00Z'), -- fine: the same day
    (5, 1, 1, 5, null), -- fine here: nobody wrote it down
    (6, 1, 1, 5, '2024-06-01 00:00Z'), -- fine here: nor when the one before was made
    (7, 7, 1, 5, '2024-05-04 03:00Z'), -- fine: the first; the 3rd in New York
    (8, 7, 1, 5, '2024-05-05 04:00Z'), -- violates: the 5th
    (9, 9, 1, 5, '2024-05-01 12:00Z'), -- fine: the first
    (10, 9, 1, 5, '2024-05-02 12:00Z'), -- violates: recorded for the 3rd
    (11, 9, 1, 5, '2024-05-05 04:30Z'); -- fine: a run across midnight
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, balance, amount)
values (10, 9, 9, '2024-05-03', 10, 5), (11, 9, 10, '2024-05-04', 10, 5);
