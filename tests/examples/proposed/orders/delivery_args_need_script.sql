-- fails: 2, 3
-- passes: 1, 4, 5

insert into sales.order_deliveries (order_id, script_name, args)
values
    (1, 'bulk_delivery', '{}'), -- fine
    (2, null, '{}'), -- violates
    (3, ' ', '{"a": 1}'), -- violates
    (4, null, null), -- fine here: there are none
    (5, null, 'null'); -- fine here: there are none
