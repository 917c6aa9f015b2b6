-- fails: 1, 2, 3, 4
-- passes: 5, 6, 7

-- a NULL balance can only be planted without the constraint
alter table customers alter column customer_balance drop not null;

insert into customers
    (customer_id, customer_balance, customer_name, customer_email, customer_contact_name, address, address_state)
select id, balance, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'
from (
    values
        (1, 'nan'::float8), -- violates
        (2, 'infinity'), -- violates
        (3, '-infinity'), -- violates
        (4, null), -- violates: no balance at all
        (5, 0), -- fine
        (6, 1.7976931348623157e308), -- fine here: the greatest there is, but finite
        (7, -1.7976931348623157e308) -- fine here: the least
) as example (id, balance);
