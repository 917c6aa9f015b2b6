-- fails: 2, 3, 4, 5, 20, 21, 22
-- passes: 1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19

-- NULLs can only be planted without the constraints
alter table customers alter column customer_name drop not null;
alter table customers alter column address drop not null;
alter table customers alter column address_state drop not null;

insert into customers
    (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values
    (1, 'Acme Leads', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- fine: the first of its kind
    (2, 'Acme Leads', 'bob@acme.example', 'Bob', '1 Main Street', 'CA'), -- violates: e-mail and contact do not count
    (3, 'ACME leads', 'ann@acme.example', 'Ann', '1 MAIN street', 'ca'), -- violates: but for capital letters
    (4, ' Acme   Leads ', 'ann@acme.example', 'Ann', '1  Main Street ', ' CA'), -- violates: but for spaces
    (5, e'Acme \t\n\r\f\x0bLeads', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- violates: but for a run
    (6, 'Acme Lead', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- fine: another name
    (7, 'Acme Leads', 'ann@acme.example', 'Ann', '2 Main Street', 'CA'), -- fine: another address
    (8, 'Acme Leads', 'ann@acme.example', 'Ann', '1 Main Street', 'NY'), -- fine: another state
    (9, 'AcmeLeads', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- fine: no space is another name
    (10, e'Acme\u00a0Leads', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- fine here: no-break space
    (11, e' \t\n\r\f\x0b', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- fine here: blank
    (12, e' \t\n\r\f\x0b', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- fine here: blank is not the same name
    (13, 'Acme Leads', 'ann@acme.example', 'Ann', e' \t\n\r\f\x0b', 'CA'), -- fine here: blank
    (14, 'Acme Leads', 'ann@acme.example', 'Ann', e' \t\n\r\f\x0b', 'CA'), -- fine here: nor is it the same address
    (15, 'Acme Leads', 'ann@acme.example', 'Ann', '1 Main Street', e' \t\n\r\f\x0b'), -- fine here: blank
    (16, 'Acme Leads', 'ann@acme.example', 'Ann', '1 Main Street', e' \t\n\r\f\x0b'), -- fine here: nor the same state
    (17, null, 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- fine here: NULL is not the same name
    (18, null, 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- fine here: see 17
    (19, 'Acme Leads 1', 'ann@acme.example', 'Ann', 'Main Street', 'CA'); -- fine: the same words, split otherwise

-- violates: but for white space of every kind around each of the three
insert into customers
    (customer_id, customer_name, address, address_state, customer_email, customer_contact_name)
values
    (20, e' \t\n\r\f\x0bAcme Leads \t\n\r\f\x0b', '1 Main Street', 'CA', 'ann@acme.example', 'Ann'),
    (21, 'Acme Leads', e' \t\n\r\f\x0b1 Main Street \t\n\r\f\x0b', 'CA', 'ann@acme.example', 'Ann'),
    (22, 'Acme Leads', '1 Main Street', e' \t\n\r\f\x0bCA \t\n\r\f\x0b', 'ann@acme.example', 'Ann');
