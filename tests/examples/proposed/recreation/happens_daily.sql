-- fails: 3, 8
-- passes: 1, 2, 4, 5, 6, 7

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, created_at)
values
    (1, 1, 1, 5, '2024-05-01 00:00Z'), -- fine: the first
    (2, 1, 1, 5, '2024-05-02 23:59Z'), -- fine: the next day
    (3, 1, 1, 5, '2024-05-04 00:00Z'), -- violates: a day is missing
    (4, 1, 1, 5, '2024-05-04 12:00Z'), -- fine: the same day
    (5, 1, 1, 5, null), -- fine here: nobody wrote it down
    (6, 1, 1, 5, '2024-06-01 00:00Z'), -- fine here: nor when the one before was made
    (7, 7, 1, 5, '2024-05-03 23:00-02'), -- fine: the first; the 4th in UTC
    (8, 7, 1, 5, '2024-05-05 23:30-01'); -- violates: the 6th in UTC
