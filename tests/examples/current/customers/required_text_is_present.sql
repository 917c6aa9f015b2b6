-- fails: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
-- passes: 1, 20, 21, 22, 23

-- NULLs can only be planted without the constraints
alter table customers alter column customer_name drop not null;
alter table customers alter column customer_email drop not null;
alter table customers alter column customer_contact_name drop not null;
alter table customers alter column address drop not null;
alter table customers alter column address_state drop not null;

insert into customers
    (customer_id, customer_name, customer_email, customer_contact_name, address, address_state, customer_phone)
values
    (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', '5550100001'), -- fine
    (2, '', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', null), -- violates: no name
    (3, 'Acme', '', 'Ann', '1 Main Street', 'CA', null), -- violates: no e-mail
    (4, 'Acme', 'ann@acme.example', '', '1 Main Street', 'CA', null), -- violates: no contact
    (5, 'Acme', 'ann@acme.example', 'Ann', '', 'CA', null), -- violates: no address
    (6, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', '', null), -- violates: no state
    (7, null, 'ann@acme.example', 'Ann', '1 Main Street', 'CA', null), -- violates: NULL is missing too
    (8, 'Acme', null, 'Ann', '1 Main Street', 'CA', null), -- violates
    (9, 'Acme', 'ann@acme.example', null, '1 Main Street', 'CA', null), -- violates
    (10, 'Acme', 'ann@acme.example', 'Ann', null, 'CA', null), -- violates
    (11, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', null, null), -- violates
    (12, '   ', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', null), -- violates: only spaces
    -- violates: only white space of every kind, vertical tab included
    (13, e' \t\n\r\f\x0b', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', null),
    (14, 'Acme', e' \t\n\r\f\x0b', 'Ann', '1 Main Street', 'CA', null),
    (15, 'Acme', 'ann@acme.example', e' \t\n\r\f\x0b', '1 Main Street', 'CA', null),
    (16, 'Acme', 'ann@acme.example', 'Ann', e' \t\n\r\f\x0b', 'CA', null),
    (17, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', e' \t\n\r\f\x0b', null),
    (20, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', ''), -- fine: a phone number is not required
    (21, '?', '?', '?', '?', '?', null), -- fine here: something stands there
    (22, e'\u00a0', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', null), -- fine here: a no-break space is text
    (23, e'\u2003', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', null); -- fine here: so is an em space
