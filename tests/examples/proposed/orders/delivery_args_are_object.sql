-- fails: 2, 3
-- passes: 1, 4, 5

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, delivery_id)
select n, n, 1, 5, n from generate_series(1, 5) as n;
insert into sales.deliveries (delivery_id, script_name, args)
values
    (1, 'bulk_delivery', '{"a": [1]}'), -- fine
    (2, 'bulk_delivery', '[1]'), -- violates
    (3, 'bulk_delivery', '"a"'), -- violates
    (4, 'bulk_delivery', null), -- fine
    (5, 'bulk_delivery', 'null'); -- fine here
