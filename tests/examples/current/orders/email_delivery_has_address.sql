-- fails: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
-- passes: 1, 20, 21, 22, 23, 24, 25, 26

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, delivery_script_name, delivery_script_args)
values
    (1, 1, 1, 'email_delivery', '{"email_address": "ann@acme.example"}'), -- fine
    (2, 2, 1, 'email_delivery', null), -- violates: no arguments
    (3, 3, 1, 'email_delivery', 'null'), -- violates: no arguments either
    (4, 4, 1, 'email_delivery', '{}'), -- violates: no address
    (5, 5, 1, 'email_delivery', '{"Email_Address": "ann@acme.example"}'), -- violates: another key
    (6, 6, 1, 'email_delivery', '{"to": {"email_address": "ann@acme.example"}}'), -- violates: not at top level
    (7, 7, 1, 'email_delivery', '[{"email_address": "ann@acme.example"}]'), -- violates: not an object
    (8, 8, 1, 'email_delivery', '"ann@acme.example"'), -- violates: not an object either
    (9, 9, 1, 'email_delivery', '{"email_address": ["ann@acme.example"]}'), -- violates: not a string
    (10, 10, 1, 'email_delivery', '{"email_address": ""}'), -- violates: empty
    (11, 11, 1, 'email_delivery', '{"email_address": "ann@acme"}'), -- violates: no dot in the domain
    (12, 12, 1, 'email_delivery', '{"email_address": "ann@acme.example\n"}'), -- violates: line feed at the end
    -- violates: of a repeated key the last value counts
    (13, 13, 1, 'email_delivery', '{"email_address": "ann@acme.example", "email_address": "ann"}'),
    (14, 14, 1, 'email_delivery', '{"email_address": "ann\u0000@acme.example"}'), -- violates: U+FFFD is in no address
    -- fine: of a repeated key the last value counts
    (20, 20, 1, 'email_delivery', '{"email_address": null, "email_address": "ann@acme.example"}'),
    (21, 21, 1, 'email_delivery', '{"email\u005faddress": "ann\u0040acme.example"}'), -- fine: escapes are read
    -- fine here: a bad escape elsewhere does not make the address worse
    (22, 22, 1, 'email_delivery', '{"email_address": "ann@acme.example", "note": "\ud800"}'),
    (23, 23, 1, 'email_delivery', '{"email_address": "ann@acme.example", "batch": [1, 2]}'), -- fine: other arguments
    (24, 24, 1, 'bulk_delivery', '{"email_address": ""}'), -- fine: another script
    (25, 25, 1, 'Email_Delivery', null), -- fine here: another script by name
    (26, 26, 1, null, '{"email_address": ""}'); -- fine here: no script
