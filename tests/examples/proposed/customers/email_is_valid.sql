-- fails: 1, 2, 3
-- passes: 4, 5

insert into sales.contacts (contact_id, customer_id, name, email)
values
    (1, 1, 'Ann', 'ann@acme'), -- violates: no dot in the domain
    (2, 2, 'Bob', 'bob'), -- violates
    (3, 3, 'Cid', 'cid@' || repeat('c', 64) || '.example'), -- violates: a label of 64 letters
    (4, 4, 'Dot', 'dot@' || repeat('d', 63) || '.example'), -- fine: of 63
    (5, 5, 'Eve', 'eve+leads@elm.example'); -- fine
