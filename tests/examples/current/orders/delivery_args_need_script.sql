-- fails: 2, 3, 4, 5, 6, 7, 12
-- passes: 1, 8, 9, 10, 11

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, delivery_script_name, delivery_script_args)
values
    (1, 1, 1, 'bulk_delivery', '{"batch": 50}'), -- fine: there is a script to read them
    (2, 2, 1, null, '{"batch": 50}'), -- violates: no script
    (3, 3, 1, '', '{"batch": 50}'), -- violates: an empty name is no script
    (4, 4, 1, e' \t\n\r\f\x0b', '{"batch": 50}'), -- violates: nor is white space, vertical tab included
    (5, 5, 1, null, '{}'), -- violates: empty arguments are arguments
    (6, 6, 1, null, '"null"'), -- violates: a string that reads null is not JSON null
    (7, 7, 1, null, 'false'), -- violates: nor is false
    (8, 8, 1, null, null), -- fine: neither script nor arguments
    (9, 9, 1, null, 'null'), -- fine: JSON null counts as none
    (10, 10, 1, null, ' null '), -- fine: the same, with spaces around it
    (11, 11, 1, 'bulk_delivery', null), -- fine: a script may do without arguments
    (12, 12, 1, null, '{"name": "\u0000"}'); -- violates: an escape that jsonb refuses is no excuse
