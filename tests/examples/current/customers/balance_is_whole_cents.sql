-- fails: 1, 2, 3, 4, 5
-- passes: 6, 7, 8, 9, 10, 11, 12, 13, 14, 15

-- a NULL balance can only be planted without the constraint
alter table customers alter column customer_balance drop not null;

insert into customers
    (customer_id, customer_balance, customer_name, customer_email, customer_contact_name, address, address_state)
select id, balance, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'
from (
    values
        (1, 0.1::float8 + 0.2::float8), -- violates: float drift makes it 0.30000000000000004
        (2, 0.005), -- violates: half a cent
        (3, -19.999), -- violates: below zero as well
        (4, 1e-300), -- violates: next to nothing is no cent
        (5, 343.00000000000006), -- violates: a cast straight to numeric would round the drift away
        (6, 0.3), -- fine: written 0.3, whatever the float holds
        (7, 0.29), -- fine
        (8, -0.01), -- fine here: a cent, if a negative one
        (9, 1000), -- fine
        (10, 12345678901234.56), -- fine: a cast straight to numeric would lose the last cent
        (11, 1e300), -- fine here: a whole number
        (12, 'nan'), -- fine here: not finite
        (13, 'infinity'), -- fine here: not finite
        (14, '-infinity'), -- fine here: not finite
        (15, null) -- fine here: nothing to round
) as example (id, balance);
