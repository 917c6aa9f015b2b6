-- fails: 2, 3
-- passes: 1, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, delivery_id)
values
    (1, 1, 1, 5, 1), -- fine
    (2, 2, 1, 5, 9), -- violates: there is no 9
    (3, 3, 2, 5, 1), -- violates: another customer's
    (4, 4, 1, 5, null); -- fine: none
insert into sales.deliveries (delivery_id, customer_id, script_name) values (1, 1, 'bulk_delivery');
