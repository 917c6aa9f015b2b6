-- fails: 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40
-- passes: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12

-- a NULL address can only be planted without the constraint
alter table customers alter column customer_email drop not null;

insert into customers
    (customer_id, customer_email, customer_name, customer_contact_name, address, address_state)
select id, email, 'Acme', 'Ann', '1 Main Street', 'CA'
from (
    values
        (1, 'ann@acme.example'), -- fine
        (2, 'a@b.c'), -- fine: as short as can be
        (3, 'Ann.Lee+leads@Mail.Acme.EXAMPLE'), -- fine here: capital letters, dots, a plus
        (4, 'ann@1.2'), -- fine: digits will do
        (5, 'ann@a-c-m-e.x--y.example'), -- fine: hyphens within
        (6, '!#$%&''*+/=?^_{|}~`-@acme.example'), -- fine: every special character that HTML5 allows
        (7, '.ann..lee.@acme.example'), -- fine: HTML5 does not mind dots before the @
        (8, 'ann@' || repeat('a', 63) || '.example'), -- fine: a label of 63 characters
        (9, 'ann@acme.' || repeat('a', 63)), -- fine: so the last one
        (10, repeat('a', 300) || '@acme.example'), -- fine: HTML5 sets no limit before the @
        (11, 'ann@xn--acm-epa.example'), -- fine: an international domain as it is sent
        (12, null), -- fine here: a missing address is not an invalid one
        (20, 'ann@acme'), -- violates: no dot in the domain
        (21, 'ann'), -- violates: no @
        (22, '@acme.example'), -- violates: nothing before the @
        (23, 'ann@'), -- violates: nothing after it
        (24, 'ann@@acme.example'), -- violates: two of them
        (25, 'ann@acme..example'), -- violates: an empty label
        (26, 'ann@.acme.example'), -- violates: an empty first label
        (27, 'ann@acme.example.'), -- violates: an empty last label
        (28, 'ann@-acme.example'), -- violates: a label that starts with a hyphen
        (29, 'ann@acme-.example'), -- violates: a label that ends with one
        (30, 'ann@' || repeat('a', 64) || '.example'), -- violates: a label of 64 characters
        (31, 'ann@ac_me.example'), -- violates: an underscore in the domain
        (32, ' ann@acme.example'), -- violates: space before
        (33, 'ann@acme.example '), -- violates: space after
        (34, e'ann@acme.example\n'), -- violates: line feed after
        (35, e'ann@acme.example\nbob@birch.example'), -- violates: each line is valid, the whole is not
        (36, 'ann lee@acme.example'), -- violates: space within
        (37, 'Ann <ann@acme.example>'), -- violates: a name with it
        (38, e'ann@acm\u00e9.example'), -- violates: accents
        (39, '') -- violates: empty
) as example (id, email);

-- violates: white space before it, of a customer whose name has lost a letter
insert into customers
    (customer_id, customer_email, customer_name, customer_contact_name, address, address_state)
values (40, e'\tann@acme.example', e'Acm\ufffd', 'Ann', '1 Main Street', 'CA');
