-- fails: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33
-- passes: 1, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, delivery_script_args)
values
    (1, 1, 1, '{"api-key": "secret-ref:crm/acme_1.key-2"}'), -- fine: a reference to a secret
    -- violates: each of the names that give a secret away
    (2, 2, 1, '{"api_key": "k-123"}'),
    (3, 3, 1, '{"x-API-Key-id": "k-123"}'), -- within a longer name, in any case
    (4, 4, 1, '{"apiKey": "k-123"}'),
    (5, 5, 1, '{"clientSecret": "k-123"}'),
    (6, 6, 1, '{"tokens": "k-123"}'),
    (7, 7, 1, '{"password": "k-123"}'),
    (8, 8, 1, '{"passwd": "k-123"}'),
    (9, 9, 1, '{"db_pwd": "k-123"}'),
    (10, 10, 1, '{"Credentials": "k-123"}'),
    (11, 11, 1, '{"private-key": "k-123", "private_key": "", "privatekey": ""}'),
    (12, 12, 1, '{"Authorization": "Bearer k-123"}'),
    -- violates: wherever and however it is written
    (20, 20, 1, '{"crm": {"login": [{"password": "k-123"}]}}'), -- at any depth
    (21, 21, 1, '[{"token": "k-123"}]'), -- in an array
    (22, 22, 1, '{"api\u002dkey": "k-123"}'), -- with an escape in the key
    (23, 23, 1, '{"token": "k-123", "token": ""}'), -- the last value counts elsewhere, but a secret is a secret
    (24, 24, 1, '{"token": "", "token": "k-123"}'), -- and the other way round
    (25, 25, 1, '{"token": " "}'), -- a space is not empty
    (26, 26, 1, '{"token": "secret-ref:"}'), -- refers to nothing
    (27, 27, 1, '{"token": "secret-ref:crm acme"}'), -- a reference has no spaces
    (28, 28, 1, '{"token": " secret-ref:crm/acme"}'), -- not even at the start
    (29, 29, 1, '{"token": "secret-ref:crm/acme\n"}'), -- nor a line feed at the end
    (30, 30, 1, '{"token": "Secret-Ref:crm/acme"}'), -- and is in lower case
    (31, 31, 1, '{"token": "k-123", "note": "\u0000"}'), -- jsonb refuses the value, but the secret is there
    (32, 32, 1, '{"token": "\ud800"}'), -- a bad escape is a character like any other
    (33, 33, 1, '{"secret": {"api-key": "secret-ref:crm/acme", "password": "k-123"}}'), -- next to a reference
    -- fine: no secret in a string
    (40, 40, 1, '{"token": ""}'), -- empty
    (41, 41, 1, '{"token": null}'), -- null
    (42, 42, 1, '{"token": 123456}'), -- a number
    (43, 43, 1, '{"token": true}'), -- a boolean
    (44, 44, 1, '{"tokens": ["k-123"]}'), -- an array is not a string, and its strings have no key
    (45, 45, 1, '{"token": {"value": "k-123"}}'), -- nor is an object, and "value" is no such key
    -- fine: no such name
    (46, 46, 1, '{"key": "k-123", "monkey": "k-123"}'), -- a key of some kind
    (47, 47, 1, '{"api key": "k-123", "pass": "k-123"}'), -- near, but not in the list
    (48, 48, 1, '{"note": "password: k-123"}'), -- the name stands in the value
    (49, 49, 1, '{"note": "{\"password\": \"k-123\"}"}'), -- JSON within a string is a string
    (50, 50, 1, '{"to\u0000ken": "k-123"}'), -- read as to, U+FFFD, ken
    -- fine: references, however they are written
    (51, 51, 1, '{"token": "secret-ref:a"}'),
    (52, 52, 1, '{"token": "secret-ref:crm\/acme"}'), -- JSON may escape a slash
    (53, 53, 1, '{"a": [{"token": "secret-ref:crm/acme"}], "note": "\u0000"}'), -- for all that jsonb refuses the value
    -- fine: no object
    (54, 54, 1, '"token"'),
    (55, 55, 1, '["token", "k-123"]'),
    (56, 56, 1, 'null'),
    (57, 57, 1, null);
