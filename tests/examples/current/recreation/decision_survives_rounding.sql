-- fails: 1, 5, 8, 14
-- passes: 2, 3, 4, 6, 7, 9, 10, 11, 12, 13, 15

-- NULLs and a missing customer can only be planted without the constraints
alter table customers alter column customer_balance drop not null;
alter table orders alter column order_amount drop not null;
alter table orders drop constraint orders_customer_id_fkey;

insert into customers
    (customer_id, customer_balance, customer_name, customer_email, customer_contact_name, address, address_state)
select id, balance, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'
from (
    values
        (1, 343.00000000000006::float8),
        (2, 343.01),
        (3, 342.99999999999994),
        (4, 343.004),
        (5, 343.005),
        (6, 'nan'),
        (7, 'infinity'),
        (8, null)
) as example (id, balance);

insert into orders (order_id, order_ref, customer_id, order_amount, order_status)
values
    (1, 1, 1, 343, 'pending'), -- violates: greater than 343 by float drift; in cents it is 343.00
    (2, 2, 1, 342, 'pending'), -- fine: greater than 342 either way
    (3, 3, 1, 344, 'pending'), -- fine: less than 344 either way
    (4, 4, 1, 343, 'expired'), -- fine: closed, there is no decision left
    (5, 1, 1, 343, 'paused'), -- violates: a recreation is live as well
    (6, 6, 2, 343, 'pending'), -- fine: greater than 343 either way
    (7, 7, 3, 343, 'pending'), -- fine: rounding makes it equal to 343, which is not greater either
    (8, 8, 4, 343, 'active'), -- violates: four tenths of a cent more than 343, in cents 343.00
    (9, 9, 5, 343, 'active'), -- fine: rounds up to 343.01, greater than 343 either way
    (10, 10, 6, 343, 'active'), -- fine here: NaN is not finite
    (11, 11, 7, 343, 'active'), -- fine here: infinity is not finite
    (12, 12, 8, 343, 'active'), -- fine here: no balance, no decision
    (13, 13, 99, 343, 'active'), -- fine here: there is no customer 99
    (14, 14, 1, 343, 'active'), -- violates: an active root
    (15, 15, 1, null, 'active'); -- fine here: no amount
