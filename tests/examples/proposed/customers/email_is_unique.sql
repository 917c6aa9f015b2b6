-- fails: 2, 3
-- passes: 1, 4, 5, 6

insert into sales.contacts (contact_id, customer_id, name, email)
values
    (1, 1, 'Ann', 'ann@acme.example'), -- fine: the first to have it
    (2, 2, 'Ann', 'ann@acme.example'), -- violates
    (3, 3, 'Ann', ' ANN@acme.example '), -- violates: but for case and spaces
    (4, 4, 'Ann', 'ann@acme.example.com'), -- fine: another address
    (5, 4, 'Ann', 'ann@acme.example.com'), -- fine here: the same customer
    (6, 5, 'Nobody', ' '), -- fine here: none
    (7, 6, 'Nobody', ' '); -- fine here: none
