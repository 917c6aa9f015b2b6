-- fails: 2, 3, 4, 5, 6, 7, 8, 9
-- passes: 1, 10, 11, 12, 13

-- violates: in any of the text columns, an e and a combining accent instead of one letter
insert into customers
    (customer_id, customer_name, customer_email, customer_contact_name, customer_phone, address, address_state)
values
    (1, e'Caf\u00e9', e'caf\u00e9@acme.example', e'Ren\u00e9', e'\u00e9', e'1 Caf\u00e9', e'\u00e9'), -- fine
    (2, e'Cafe\u0301', 'ann@acme.example', 'Ann', null, '1 Main Street', 'CA'),
    (3, 'Acme', e'cafe\u0301@acme.example', 'Ann', null, '1 Main Street', 'CA'),
    (4, 'Acme', 'ann@acme.example', e'Rene\u0301', null, '1 Main Street', 'CA'),
    (5, 'Acme', 'ann@acme.example', 'Ann', e'e\u0301', '1 Main Street', 'CA'),
    (6, 'Acme', 'ann@acme.example', 'Ann', null, e'1 Cafe\u0301', 'CA'),
    (7, 'Acme', 'ann@acme.example', 'Ann', null, '1 Main Street', e'e\u0301');

insert into customers
    (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values
    (8, e'\u212bcme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- violates: the angstrom sign
    (9, e'a\u0301\u0323', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- violates: accents in wrong order
    (10, e'\ufb01r', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- fine: only form KC would split fi
    (11, e'x\u0301', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- fine: there is no single letter for it
    (12, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'), -- fine: ASCII
    (13, '', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'); -- fine: empty
