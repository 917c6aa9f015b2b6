-- fails: 1, 2, 3
-- passes: 4, 5, 6, 7

insert into sales.contacts (contact_id, customer_id, name, phone)
values
    (1, 1, 'Ann', '555-0100'), -- violates: no area code
    (2, 2, 'Bob', 'call me'), -- violates
    (3, 3, 'Cid', '+1234567'), -- violates: too short
    (4, 4, 'Dot', '(555) 010-0100'), -- fine
    (5, 5, 'Eve', '1.555.010.0100'), -- fine
    (6, 6, 'Flo', '+49 30 1234567'), -- fine
    (7, 7, 'Gus', null); -- fine: has none
