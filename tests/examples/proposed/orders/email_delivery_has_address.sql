-- fails: 2, 3, 4
-- passes: 1, 5

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, delivery_id)
select n, n, 1, 5, n from generate_series(1, 5) as n;
insert into sales.deliveries (delivery_id, script_name, args)
values
    (1, 'email_delivery', '{"email_address": "ann@acme.example"}'), -- fine
    (2, 'email_delivery', '{"email_address": "ann"}'), -- violates
    (3, 'email_delivery', '{"email_address": 5}'), -- violates
    (4, 'email_delivery', null), -- violates
    (5, 'bulk_delivery', '{"email_address": "ann"}'); -- fine: another script
