-- fails: 2, 4, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 20, 23, 24
-- passes: 1, 3, 5, 11, 19, 21, 22, 25, 26

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, delivery_script_args)
values
    (1, 1, 1, '{"name": "Ann"}'), -- fine
    (2, 2, 1, '{"name": "\u0000"}'), -- violates: PostgreSQL has no text for the character zero
    (3, 3, 1, '{"name": "\\u0000"}'), -- fine: an escaped backslash, and then the letters u0000
    (4, 4, 1, '{"name": "\\\u0000"}'), -- violates: an escaped backslash, and then the character zero
    (5, 5, 1, '{"name": "\\\\u0000"}'), -- fine: two escaped backslashes, and then letters
    (6, 6, 1, '{"\u0000": "Ann"}'), -- violates: in a key
    (7, 7, 1, '{"name": "\ud83d"}'), -- violates: the first half of a surrogate pair
    (8, 8, 1, '{"name": "\ude00"}'), -- violates: the second half
    (9, 9, 1, '{"name": "\ude00\ud83d"}'), -- violates: both halves in the wrong order
    (10, 10, 1, '{"name": "\uD83D \uDE00"}'), -- violates: both halves apart
    (11, 11, 1, '{"name": "\ud83d\ude00", "\uD83D\uDE00": 1}'), -- fine: whole pairs, in either case
    (12, 12, 1, '{"name": "\ud83d\ud83d\ude00"}'), -- violates: a half before a whole pair
    (13, 13, 1, '{"name": "\ud83d\ude00\ude00"}'), -- violates: a half after a whole pair
    (14, 14, 1, '{"name": "\ud83d\\ude00"}'), -- violates: a half, an escaped backslash and letters
    (15, 15, 1, '{"name": "\ud83d\u0041"}'), -- violates: a half and another escape
    (16, 16, 1, '{"\udbff": "Ann"}'), -- violates: a half in a key
    (17, 17, 1, '[{"deep": ["\udfff"]}]'), -- violates: at any depth
    (18, 18, 1, '"\u0000"'), -- violates: a bare string
    (19, 19, 1, '{"name": "\ud7ff\ue000\u0001"}'), -- fine: next to the surrogates, and next to zero
    (20, 20, 1, '{"batch": 1e400000}'), -- violates: numeric has no place for so many digits
    (21, 21, 1, 'null'), -- fine
    (22, 22, 1, null), -- fine: nothing to convert
    (23, 23, 1, '[{"rate": -1.50E-16383}]'), -- violates: 16,385 digits after the point, of 16,383 that there are
    (24, 24, 1, '{"name": "\u0000", "batch": 1e131072}'), -- violates: 131,073 digits before the point, and an escape
    (25, 25, 1, '{"batch": 1e131071, "rate": 0.1e131072}'), -- fine: 131,072 digits
    (26, 26, 1, '{"name": "\"1e400000"}'); -- fine: a text
