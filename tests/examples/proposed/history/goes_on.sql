-- fails: 2, 3
-- passes: 1, 4

insert into sales.order_status_changes (order_id, change_number, status_before, status_after)
values
    (1, 1, 'pending', 'active'), -- fine: the first begins anywhere
    (1, 2, 'active', 'paused'), -- fine
    (2, 1, 'pending', 'active'),
    (2, 2, 'paused', 'cancelled'), -- violates: it was active
    (3, 1, 'active', 'active'), -- violates: no change
    (4, 1, 'pending', 'active'),
    (4, 3, 'active', 'paused'); -- fine here: what is missing changed nothing
