-- fails: 2, 3
-- passes: 1, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values (1, 1, 1, 'paused', 5), (2, 2, 1, 'cancelled', 5), (3, 3, 1, 'active', 5), (4, 4, 1, 'active', 5); -- 4 never changed
insert into sales.order_status_changes (order_id, change_number, status_before, status_after)
values
    (1, 1, 'pending', 'active'), -- fine
    (1, 2, 'active', 'paused'), -- fine
    (2, 1, 'pending', 'active'), -- violates: the order is cancelled
    (3, 2, 'active', 'paused'), -- violates: the order is active, which is only what the first led to
    (3, 1, 'pending', 'active');
