-- fails: 4, 8, 11
-- passes: 1, 2, 3, 5, 6, 7, 9, 10

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount)
values (1, 1, 1, 5), (2, 1, 1, 5), (3, 1, 1, 5), (4, 1, 1, 5), (5, 1, 1, 5), (6, 6, 1, 5), (7, 7, 1, 5), (8, 7, 1, 5),
    (9, 9, 1, 5), (10, 9, 1, 5), (11, 6, 1, 5);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, balance, amount, created_at)
values
    (2, 1, 1, 10, 5, '2024-05-02 00:00Z'), -- fine
    (3, 1, 2, 10, 5, '2024-05-03 00:00Z'), -- fine
    (4, 1, 2, 10, 5, '2024-05-04 00:00Z'), -- violates: 3 was the latest
    (5, 1, null, 10, 5, '2024-05-05 00:00Z'), -- fine here: without a predecessor
    (8, 7, 7, 10, 5, '2024-05-02 00:00Z'), -- violates: 7 had been cancelled
    (10, 9, 9, 10, 5, '2024-05-02 00:00Z'), -- fine: 9 was resumed before
    (11, 6, 6, 10, 5, '2024-05-02 00:00Z'); -- violates: 6 had expired
insert into sales.order_status_changes (order_id, change_number, status_before, status_after, created_at)
values
    (1, 1, 'active', 'recreated', '2024-05-02 00:00Z'),
    (2, 1, 'active', 'recreated', '2024-05-03 00:00Z'),
    (2, 2, 'recreated', 'cancelled', '2024-05-07 00:00Z'), -- later, which changes nothing
    (6, 1, 'active', 'expired', '2024-05-01 23:59Z'),
    (7, 1, 'active', 'cancelled', '2024-05-01 12:00Z'),
    (7, 2, 'cancelled', 'recreated', '2024-05-02 00:00Z'),
    (9, 1, 'active', 'cancelled', '2024-05-01 12:00Z'),
    (9, 2, 'cancelled', 'active', '2024-05-01 13:00Z');
