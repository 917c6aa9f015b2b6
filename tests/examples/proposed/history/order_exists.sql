-- fails: 2
-- passes: 1

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount) values (1, 1, 1, 5);
insert into sales.order_status_changes (order_id, change_number, status_before, status_after)
values
    (1, 1, 'pending', 'active'), -- fine
    (2, 1, 'pending', 'active'); -- violates
