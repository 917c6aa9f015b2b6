-- fails: 2, 3, 4
-- passes: 1, 5

insert into sales.order_deliveries (order_id, script_name, args)
values
    (1, 'email_delivery', '{"email_address": "ann@acme.example"}'), -- fine
    (2, 'email_delivery', '{"email_address": "ann"}'), -- violates
    (3, 'email_delivery', '{"email_address": 5}'), -- violates
    (4, 'email_delivery', null), -- violates
    (5, 'bulk_delivery', '{"email_address": "ann"}'); -- fine: another script
