-- fails: 1, 2, 3
-- passes: 4, 5

insert into sales.schedules (schedule_id, half_hours) values (1, '{}'), (2, '{[0,1)}');
insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount, schedule_id)
values
    (1, 1, 1, 'active', 5, null), -- violates: never
    (2, 2, 1, 'active', 5, 1), -- violates: a schedule that is never on
    (3, 3, 1, 'active', 5, 9), -- violates: there is no such schedule
    (4, 4, 1, 'active', 5, 2), -- fine
    (5, 5, 1, 'paused', 5, null); -- fine here: not active
