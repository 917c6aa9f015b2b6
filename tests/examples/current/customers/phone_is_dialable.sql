-- fails: 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33
-- passes: 1, 2, 3, 4, 5, 6, 7, 8, 9

insert into customers
    (customer_id, customer_phone, customer_name, customer_email, customer_contact_name, address, address_state)
select id, phone, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'
from (
    values
        (1, null), -- fine: a phone number is not required
        (2, '5550100001'), -- fine: 10 digits
        (3, '(555) 010-0001'), -- fine: with spaces and punctuation
        (4, '.555-010.0001 '), -- fine: wherever they stand
        (5, '15550100001'), -- fine: 11 digits, the first one is 1
        (6, '1-555-010-0001'), -- fine: the same with hyphens
        (7, '+12345678'), -- fine: + and 8 digits
        (8, '+123456789012345'), -- fine: + and 15 digits
        (9, '+44 (20) 7946-0001'), -- fine: with spaces and punctuation
        (20, '555-1234'), -- violates: 7 digits, the area is missing
        (21, '+1234567'), -- violates: + and 7 digits
        (22, '+1234567890123456'), -- violates: + and 16 digits
        (23, '555010001'), -- violates: 9 digits
        (24, '25550100001'), -- violates: 11 digits, the first one is 2
        (25, '155501000012'), -- violates: 12 digits
        (26, '555-010-0001 x12'), -- violates: an extension
        (27, '555/010/0001'), -- violates: slashes are not removed
        (28, e'555\t010\t0001'), -- violates: nor are tabs
        (29, '555+0100001'), -- violates: + in the middle
        (30, '++12345678'), -- violates: + twice
        (31, '1-800-FLOWERS'), -- violates: letters
        (32, ''), -- violates: empty is not NULL
        (33, '()') -- violates: nothing is left
) as example (id, phone);
