-- fails: 2, 3
-- passes: 1, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount, delivery_id)
values
    (1, 1, 1, 'active', 5, 1), -- fine
    (2, 2, 1, 'active', 5, null), -- violates: none
    (3, 3, 1, 'active', 5, 3), -- violates: a blank one
    (4, 4, 1, 'pending', 5, null); -- fine here: not active
insert into sales.deliveries (delivery_id, script_name) values (1, 'bulk_delivery'), (3, ' ');
