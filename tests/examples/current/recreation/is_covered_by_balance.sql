-- fails: 2, 4, 8, 9, 11, 15
-- passes: 1, 3, 5, 6, 7, 10, 12, 13, 14, 16, 17, 18, 19, 20

-- NULLs and a missing customer can only be planted without the constraints
alter table customers alter column customer_balance drop not null;
alter table orders alter column order_ref drop not null;
alter table orders alter column customer_id drop not null;
alter table orders alter column order_amount drop not null;
alter table orders drop constraint orders_customer_id_fkey;

insert into customers
    (customer_id, customer_balance, customer_name, customer_email, customer_contact_name, address, address_state)
select id, balance, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'
from (
    values
        (1, 100::float8),
        (2, 'nan'),
        (3, null),
        (4, 'infinity'),
        (5, 0),
        (6, 100.00000000000001)
) as example (id, balance);

insert into orders (order_id, order_ref, customer_id, order_amount, order_status)
values
    (1, 1, 1, 100, 'recreated'), -- fine here: closed, and no recreation
    (2, 1, 1, 100, 'pending'), -- violates: 100 is equal to 100, not greater
    (3, 1, 1, 99, 'active'), -- fine: 100 is greater than 99
    (4, 1, 1, 101, 'paused'), -- violates: 100 is less than 101, and paused is live
    (5, 1, 1, 100, 'recreated'), -- fine here: closed
    (6, 1, 1, 100, 'cancelled'), -- fine here: closed
    (7, 1, 1, 100, 'expired'), -- fine here: closed
    (8, 1, 2, 5, 'active'), -- violates: NaN covers nothing, although PostgreSQL says NaN > 5
    (9, 1, 3, 5, 'active'), -- violates: neither does NULL
    (10, 1, 4, 5, 'active'), -- fine here: infinity is greater than any amount
    (11, 1, 5, 0, 'active'), -- violates: 0 is not greater than 0
    (12, 1, 99, 5, 'active'), -- fine here: there is no customer 99, so no balance to judge
    (13, null, 1, 500, 'active'), -- fine here: nothing says that it is a recreation
    (14, 1, 1, null, 'active'), -- fine here: no amount to cover
    (15, 98, 1, 100, 'active'), -- violates: an orphan is a recreation too
    (16, 1, 5, -5, 'active'), -- fine here: 0 is greater than -5
    (17, 1, null, 500, 'active'), -- fine here: without a customer there is no balance to judge
    (18, 1, 2, null, 'active'), -- fine here: without an amount not even NaN is judged
    (19, 1, 6, 100, 'active'), -- fine here: greater than 100, if only by float drift
    (20, 20, 1, 500, 'active'); -- fine here: a live root is no recreation
