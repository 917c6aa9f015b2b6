-- fails: 2, 3
-- passes: 1, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', 5), -- fine
    (2, 2, 1, 'active', 5), -- violates: none
    (3, 3, 1, 'active', 5), -- violates: a blank one
    (4, 4, 1, 'pending', 5); -- fine here: not active
insert into sales.order_deliveries (order_id, script_name) values (1, 'bulk_delivery'), (3, ' ');
