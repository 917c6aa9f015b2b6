-- fails: 2, 3
-- passes: 1, 4, 5

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, delivery_id)
select n, n, 1, 5, n from generate_series(1, 5) as n;
insert into sales.deliveries (delivery_id, script_name, args)
values
    (1, 'bulk_delivery', '{}'), -- fine
    (2, null, '{}'), -- violates
    (3, ' ', '{"a": 1}'), -- violates
    (4, null, null), -- fine here: there are none
    (5, null, 'null'); -- fine here: there are none
