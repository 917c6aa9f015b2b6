-- fails: 2, 3, 12, 14, 17, 19, 21, 30, 31, 32, 33
-- passes: 1, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 18, 20, 22, 23, 24, 25, 26, 27, 28, 29

-- NULLs can only be planted without the constraints
alter table orders alter column order_ref drop not null;
alter table orders alter column customer_id drop not null;
alter table orders alter column order_schedule drop not null;
alter table orders alter column order_amount drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values
    (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'),
    (2, 'Birch', 'bob@birch.example', 'Bob', '2 Oak Avenue', 'NY');

insert into orders
    (order_id, order_ref, customer_id, order_amount, order_status, delivery_script_name, delivery_script_args)
values
    (1, 1, 1, 10, 'active', 'bulk_delivery', '{"batch": 5}'), -- fine: the first of its kind
    (2, 2, 1, 10, 'active', 'bulk_delivery', '{"batch": 5}'), -- violates: order 1 once more
    (3, 3, 1, 10, 'pending', 'bulk_delivery', '{"batch": 5}'), -- violates: the status may differ, as both are live
    (4, 1, 1, 10, 'active', 'bulk_delivery', '{"batch": 6}'), -- fine: other arguments
    (5, 1, 1, 10, 'paused', 'bulk_delivery', '{"batch": 6}'), -- fine here: of the same lineage as order 4
    (6, 6, 1, 10, 'cancelled', 'bulk_delivery', '{"batch": 5}'), -- fine: closed
    (7, 7, 1, 11, 'active', 'bulk_delivery', '{"batch": 5}'), -- fine: another amount
    (8, 8, 2, 10, 'active', 'bulk_delivery', '{"batch": 5}'), -- fine: another customer
    (9, 9, 1, 10, 'active', 'bulk_export', '{"batch": 5}'), -- fine: another script
    (10, 10, 1, 10, 'active', 'bulk_delivery', '{"batch":5}'), -- fine: arguments are compared as text
    (11, 11, 1, 12, 'active', 'bulk_delivery', null), -- fine: no arguments
    (12, 12, 1, 12, 'active', 'bulk_delivery', null), -- violates: as few as order 11, NULL equals NULL
    (13, 13, 1, 13, 'active', null, '{}'), -- fine: no script
    (14, 14, 1, 13, 'active', null, '{}'), -- violates: no more than order 13
    (15, 15, 1, 13, 'active', '', '{}'), -- fine: an empty name is not NULL
    (16, 16, null, 14, 'active', null, null), -- fine: no customer
    (17, 17, null, 14, 'active', null, null), -- violates: no more than order 16
    (18, 18, 1, null, 'active', null, null), -- fine: no amount
    (19, 19, 1, null, 'active', null, null), -- violates: no more than order 18
    (20, null, 1, 15, 'active', null, null), -- fine: the first with this amount
    (21, 21, 1, 15, 'active', null, null), -- violates: has an order_ref, which order 20 has not
    (22, null, 2, 15, 'active', null, null), -- fine: another customer
    (23, null, 2, 15, 'active', null, null), -- fine here: has no order_ref, as order 22
    (24, 24, 1, 16, 'expired', null, null), -- fine: closed
    (25, 25, 1, 16, 'active', null, null), -- fine: the order before is closed
    (26, 26, 1, 17, 'active', null, null), -- fine: no arguments
    (27, 27, 1, 17, 'active', null, 'null'); -- fine: JSON null is another thing than SQL NULL

insert into orders (order_id, order_ref, customer_id, order_amount, order_schedule)
values
    (28, 28, 1, 16, repeat('1', 336)::bit(336)), -- fine: another schedule than order 25
    (29, 29, 1, 16, null), -- fine: no schedule
    (30, 30, 1, 16, null); -- violates: no more than order 29

insert into orders
    (order_id, order_ref, customer_id, order_amount, delivery_script_name, delivery_script_args)
values
    (31, 31, 1, 10, 'bulk_delivery', '{"batch": 6}'), -- violates: orders 4 and 5 have another order_ref
    (32, 31, 1, 10, 'bulk_delivery', '{"batch": 6}'), -- violates: order 31 has the same, but orders 4 and 5 have not
    (33, 1, 1, 10, 'bulk_delivery', '{"batch": 6}'); -- violates: orders 4 and 5 have the same, but 31 and 32 have not
