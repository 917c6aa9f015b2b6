-- fails: 4, 5, 6, 7, 8, 10
-- passes: 1, 2, 3, 9, 11

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, delivery_script_name, delivery_script_args)
values
    (1, 1, 1, 'bulk_delivery', '{"batch": 50}'), -- fine
    (2, 2, 1, 'bulk_delivery', '{}'), -- fine: an empty object is an object
    (3, 3, 1, 'bulk_delivery', 'null'), -- fine: JSON null counts as none
    (4, 4, 1, 'bulk_delivery', '[{"batch": 50}]'), -- violates: an array, whatever it holds
    (5, 5, 1, 'bulk_delivery', '"{}"'), -- violates: a string, whatever it reads
    (6, 6, 1, 'bulk_delivery', '50'), -- violates: a number
    (7, 7, 1, 'bulk_delivery', 'true'), -- violates: a boolean
    (8, 8, 1, null, '[]'), -- violates: with or without a script
    (9, 9, 1, 'bulk_delivery', null), -- fine: SQL NULL is none
    (10, 10, 1, 'bulk_delivery', '"\ud800"'), -- violates: a string, even one that jsonb refuses
    (11, 11, 1, 'bulk_delivery', '{"name": "\ud800"}'); -- fine here: an object, even one that jsonb refuses
