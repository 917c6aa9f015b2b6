-- fails: 1, 2, 3
-- passes: 4, 5, 6, 7, 8

-- a NULL balance can only be planted without the constraint
alter table customers alter column customer_balance drop not null;

insert into customers
    (customer_id, customer_balance, customer_name, customer_email, customer_contact_name, address, address_state)
select id, balance, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'
from (
    values
        (1, -0.01::float8), -- violates: a cent below zero
        (2, -1e-300), -- violates: below zero, however little
        (3, '-infinity'), -- violates
        (4, 0), -- fine
        (5, '-0'), -- fine: minus zero is zero
        (6, 'nan'), -- fine here: no number, so no negative one
        (7, 'infinity'), -- fine here: not finite, but not negative
        (8, null) -- fine here: NULL is not negative
) as example (id, balance);
