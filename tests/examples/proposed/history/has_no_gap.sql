-- fails: 2, 3
-- passes: 1

insert into sales.order_status_changes (order_id, change_number, status_before, status_after)
values
    (1, 2, 'active', 'paused'), -- fine, in whatever order they were added
    (1, 1, 'pending', 'active'), -- fine
    (2, 2, 'active', 'paused'), -- violates: there is no first
    (3, 1, 'active', 'paused'),
    (3, 3, 'paused', 'active'); -- violates: the second is missing
