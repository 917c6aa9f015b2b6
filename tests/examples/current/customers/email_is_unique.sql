-- fails: 2, 3, 4
-- passes: 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14

-- a NULL address can only be planted without the constraint
alter table customers alter column customer_email drop not null;

insert into customers
    (customer_id, customer_email, customer_name, customer_contact_name, address, address_state)
select id, email, 'Acme', 'Ann', '1 Main Street', 'CA'
from (
    values
        (1, 'Ann@acme.example'), -- fine: the first one to have it
        (2, 'Ann@acme.example'), -- violates: as customer 1
        (3, 'ann@ACME.example'), -- violates: but for capital letters
        (4, '  ann@acme.example '), -- violates: but for spaces
        (5, 'ann.lee@acme.example'), -- fine: another address
        (6, 'annlee@acme.example'), -- fine: a dot makes a difference
        (7, ''), -- fine here: blank
        (8, ''), -- fine here: blank addresses are not the same address
        (9, '  '), -- fine here: blank
        (10, e' \t\n\r\f\x0b'), -- fine here: blank, white space of every kind
        (11, e' \t\n\r\f\x0b'), -- fine here: blank
        (12, null), -- fine here: NULL is not an address
        (13, null), -- fine here: nor is this
        (14, e'ann@acme.example\t') -- fine here: only spaces are trimmed, a tab is not
) as example (id, email);
