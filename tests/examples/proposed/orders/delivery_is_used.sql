-- fails: 2, 3
-- passes: 1

insert into sales.deliveries (delivery_id, customer_id, script_name)
values
    (1, 1, 'bulk_delivery'), -- fine
    (2, 1, 'bulk_delivery'), -- violates
    (3, 1, 'bulk_delivery'); -- violates: the order is another customer's
insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, delivery_id)
values (1, 1, 1, 5, 1), (2, 2, 1, 5, null), (3, 3, 2, 5, 3);
