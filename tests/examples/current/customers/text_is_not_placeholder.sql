-- fails: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 21, 22, 23, 24, 25, 26
-- passes: 30, 31, 32, 33, 34, 35, 36, 37, 38

-- violates: every placeholder there is, 1 to 15
insert into customers
    (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
select id, placeholder, 'ann@acme.example', 'Ann', '1 Main Street', 'CA'
from regexp_split_to_table('n/a na none null nil test testing unknown tbd todo placeholder xxx - . ?', ' ')
    with ordinality as word (placeholder, id);

insert into customers
    (customer_id, customer_name, customer_email, customer_contact_name, address, address_state, customer_phone)
values
    (21, ' N/A ', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', null), -- violates: in capital letters, with spaces
    (22, 'Acme', 'test', 'Ann', '1 Main Street', 'CA', null), -- violates: as an e-mail
    (23, 'Acme', 'ann@acme.example', 'Unknown', '1 Main Street', 'CA', null), -- violates: as a contact
    (24, 'Acme', 'ann@acme.example', 'Ann', 'tbd', 'CA', null), -- violates: as an address
    (25, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'NA', null), -- violates: as a state
    (26, e'\x0b\f\tNone \r\n', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', null), -- violates: with white space
    (30, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', 'n/a'), -- fine: a phone number is not required
    (31, 'Testing Ltd', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', null), -- fine: a word among others
    (32, 'Acme', 'test@acme.example', 'Ann', '1 Main Street', 'CA', null), -- fine: a word within an address
    (33, 'Nathan', 'ann@acme.example', 'Nil.', '1 Main Street', 'CA', null), -- fine: part of a word, a dot more
    (34, 'xx', 'ann@acme.example', 'xxxx', '--', '..', null), -- fine here: shorter, longer
    (35, '', '', '', '', '', null), -- fine here: blank
    (36, e'n/a\u2003', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', null), -- fine here: an em space is not trimmed
    (37, 'n / a', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', null), -- fine here: spaces within
    (38, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', null); -- fine
