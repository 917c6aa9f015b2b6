-- fails: 2, 3, 4, 5, 6, 14
-- passes: 1, 7, 8, 9, 10, 11, 12, 13, 15, 16

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, delivery_script_args)
values
    (1, 1, 1, '{"batch": 50, "size": 50}'), -- fine: two keys, one value
    (2, 2, 1, '{"batch": 50, "batch": 60}'), -- violates: twice
    (3, 3, 1, '{"batch": 50, "batch": 50}'), -- violates: twice, although nothing would be lost
    (4, 4, 1, '{"batch": 50, "\u0062atch": 60}'), -- violates: the same key once the escape is read
    (5, 5, 1, '{"": 1, "a": 2, "": 3}'), -- violates: an empty key is a key
    (6, 6, 1, '{"batch": 50, "name": "\u0000", "batch": 60}'), -- violates: for all that jsonb refuses the value
    (7, 7, 1, '{"batch": 50, "Batch": 60}'), -- fine: case matters in JSON
    (8, 8, 1, '{"batch": 50, "batch ": 60}'), -- fine: so do spaces
    (9, 9, 1, '{"inner": {"batch": 50, "batch": 60}}'), -- fine here: only the top level is looked at
    (10, 10, 1, '{"batch": 50, "inner": {"batch": 60}}'), -- fine: on two levels
    (11, 11, 1, '[{"batch": 50, "batch": 60}]'), -- fine here: an array has no top-level keys
    (12, 12, 1, '"batch, batch"'), -- fine here: neither has a string
    (13, 13, 1, '{"note": "\"batch\": 50, \"batch\": 60"}'), -- fine: inside a string there are no keys
    (14, 14, 1, '{"a\ud800": 50, "a\udc00": 60}'), -- violates: both bad escapes read as U+FFFD
    (15, 15, 1, '{"a\\ud800": 50, "a\\udc00": 60}'), -- fine: an escaped backslash and letters are no escapes
    (16, 16, 1, null); -- fine: nothing there
