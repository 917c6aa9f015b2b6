-- fails: 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
-- passes: 1, 2, 3, 4, 20, 21, 22, 23, 24, 25, 26, 27

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, delivery_script_name, delivery_script_args)
values
    (1, 1, 1, 'custom_crm', '{"api-key": "secret-ref:crm/acme"}'), -- fine: a reference to a secret counts
    (2, 2, 1, 'custom_crm', '{"api-key": "k-123"}'), -- fine here: so does a secret
    (3, 3, 1, 'custom_crm', '{"API_KEY": "k-123"}'), -- fine here: however the key is spelled
    (4, 4, 1, 'custom_crm', '{"-Api--Ke_y": "k-123"}'), -- fine here: however the key is spelled
    (5, 5, 1, 'custom_crm', null), -- violates: no arguments
    (6, 6, 1, 'custom_crm', 'null'), -- violates: no arguments either
    (7, 7, 1, 'custom_crm', '{}'), -- violates: no key
    (8, 8, 1, 'custom_crm', '{"api-key": ""}'), -- violates: empty
    (9, 9, 1, 'custom_crm', '{"api-key": 123}'), -- violates: not a string
    (10, 10, 1, 'custom_crm', '{"api-key": ["k-123"]}'), -- violates: not a string
    (11, 11, 1, 'custom_crm', '{"crm": {"api-key": "k-123"}}'), -- violates: not at top level
    (12, 12, 1, 'custom_crm', '[{"api-key": "k-123"}]'), -- violates: not an object
    (13, 13, 1, 'custom_crm', '{"x-api-key": "k-123", "api-key-id": "k-123"}'), -- violates: other keys
    (14, 14, 1, 'custom_crm', '{"api key": "k-123"}'), -- violates: only - and _ may come between
    (15, 15, 1, 'custom_crm', '{"api-key": "k-123", "api-key": ""}'), -- violates: the last of a repeated key counts
    (16, 16, 1, 'custom_crm', '{"api-\u0000key": "k-123"}'), -- violates: read as api-, U+FFFD, key
    (20, 20, 1, 'custom_crm', '{"api-key": "", "api-key": "k-123"}'), -- fine here: the last of a repeated key counts
    (21, 21, 1, 'custom_crm', '{"api-key": "k-123", "api_key": ""}'), -- fine here: two keys, and one holds a string
    (22, 22, 1, 'custom_crm', '{"api\u002dkey": "k-123"}'), -- fine here: escapes are read
    (23, 23, 1, 'custom_crm', '{"api-key": "k-123", "note": "\u0000"}'), -- fine here: a bad escape elsewhere
    (24, 24, 1, 'custom_crm', '{"api-key": " "}'), -- fine here: a space is not empty
    (25, 25, 1, 'bulk_delivery', '{}'), -- fine: another script
    (26, 26, 1, null, null), -- fine: no script
    (27, 27, 1, 'custom_crm', '{"api-key": "k-123", "\uDAff": 1, "\udBfF": 2, "\uDCff": 3, "\udFfF": 4}');
    -- fine here: bad escapes elsewhere, in capitals
