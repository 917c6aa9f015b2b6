-- fails: 2
-- passes: 1

insert into sales.schedules (schedule_id, half_hours)
values
    (1, '{[0,1)}'), -- fine
    (2, '{[1,2)}'); -- violates
insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, schedule_id) values (1, 1, 1, 5, 1), (2, 2, 1, 5, null);
