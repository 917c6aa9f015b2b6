-- fails: 2, 3, 4, 5, 6, 11
-- passes: 1, 7, 8, 9, 10

-- a NULL address can only be planted without the constraint
alter table customers alter column customer_email drop not null;

insert into customers
    (customer_id, customer_email, customer_name, customer_contact_name, address, address_state)
select id, email, 'Acme', 'Ann', '1 Main Street', 'CA'
from (
    values
        (1, 'ann@acme.example'), -- fine
        (2, 'Ann@acme.example'), -- violates: capital letter before the @
        (3, 'ann@acme.Example'), -- violates: capital letter after it
        (4, ' ann@acme.example'), -- violates: space before
        (5, 'ann@acme.example '), -- violates: space after
        (6, ' '), -- violates: nothing but a space
        (7, e'ann@acme.example\t'), -- fine here: only spaces are trimmed, a tab is not
        (8, 'not an address'), -- fine here: lower case and trimmed, if not valid
        (9, ''), -- fine here: empty
        (10, null), -- fine here: nothing to spell
        (11, 'Bob@Birch.example') -- violates: nobody else has it
) as example (id, email);
