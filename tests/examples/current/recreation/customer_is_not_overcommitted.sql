-- fails: 2, 3, 5, 8, 12, 13, 15
-- passes: 1, 4, 6, 7, 9, 10, 11, 14, 16, 17, 18

-- NULLs and a missing customer can only be planted without the constraints
alter table customers alter column customer_balance drop not null;
alter table orders alter column order_amount drop not null;
alter table orders drop constraint orders_customer_id_fkey;

insert into customers
    (customer_id, customer_balance, customer_name, customer_email, customer_contact_name, address, address_state)
select id, balance, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA'
from (
    values
        (1, 100::float8), -- fine: 60 and 40 are exactly 100
        (2, 100), -- violates: 60 and 41 are more than 100
        (3, 'nan'), -- violates: NaN with a live order, although PostgreSQL says NaN > 60
        (4, 'nan'), -- fine here: no live order
        (5, null), -- violates: no balance and a live order
        (6, null), -- fine here: no live order
        (7, 'infinity'), -- fine here: infinity is enough for any sum
        (8, -1), -- violates: 0 is more than -1
        (9, -1), -- fine here: no order at all
        (10, 100), -- fine: 60 live; the closed 60 do not count
        (11, 100), -- fine here: 100 live, and NULL counts 0
        (12, -1), -- violates: NULL counts 0, and 0 is more than -1
        (13, 0.5), -- violates: one root of 1 is more than half
        (14, 4294967294), -- fine: twice the greatest int is exactly this, and does not overflow
        (15, '-infinity'), -- violates: 0 is more than minus infinity
        (16, 0), -- fine here: a sum of 0 is not more than 0
        (17, 0.5), -- fine here: NULL counts 0
        (18, -2) -- fine here: a sum of -5 is not more than -2
) as example (id, balance);

insert into orders (order_id, order_ref, customer_id, order_amount, order_status)
values
    (1, 1, 1, 60, 'active'),
    (2, 2, 1, 40, 'paused'),
    (3, 3, 2, 60, 'pending'),
    (4, 3, 2, 41, 'active'),
    (5, 5, 3, 60, 'active'),
    (6, 6, 4, 60, 'cancelled'),
    (7, 7, 5, 60, 'active'),
    (8, 8, 6, 60, 'expired'),
    (9, 9, 7, 1000000, 'active'),
    (10, 10, 8, 0, 'pending'),
    (11, 11, 10, 60, 'active'),
    (12, 12, 10, 60, 'recreated'),
    (13, 13, 11, 100, 'active'),
    (14, 14, 11, null, 'active'),
    (15, 15, 12, null, 'active'),
    (16, 16, 13, 1, 'paused'),
    (17, 17, 14, 2147483647, 'active'),
    (18, 18, 14, 2147483647, 'active'),
    (19, 19, 15, 0, 'active'),
    (20, 20, 16, 0, 'active'),
    (21, 21, 17, null, 'active'),
    (22, 22, 18, -5, 'active'),
    (23, 23, 99, 60, 'active'); -- no customer 99: nobody to judge
