-- fails: 2
-- passes: 1

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount) values (1, 1, 1, 5);
insert into sales.order_deliveries (order_id, script_name, args)
values
    (1, 'bulk_delivery', null), -- fine
    (2, 'bulk_delivery', null); -- violates
