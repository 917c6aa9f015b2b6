-- fails: 1, 4, 5, 10, 11, 12, 13, 18
-- passes: 2, 3, 6, 7, 8, 9, 14, 15, 16, 17

-- NULLs and a missing customer can only be planted without the constraints
alter table customers alter column customer_balance drop not null;
alter table orders alter column order_ref drop not null;
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
        (4, 'infinity')
) as example (id, balance);

insert into orders (order_id, order_ref, customer_id, order_amount, order_status)
values
    (1, 1, 1, 100, 'recreated'), -- violates: a root was recreated, and 100 is not greater than 100
    (2, 2, 1, 99, 'recreated'), -- fine: 100 is greater than 99
    (3, 3, 1, 500, 'expired'), -- fine: an expired root was never recreated
    (4, 2, 1, 100, 'recreated'), -- violates: a recreation that was recreated again
    (5, 2, 1, 101, 'expired'), -- violates: a recreation that expired
    (6, 2, 1, 500, 'cancelled'), -- fine: a cancelled order need not be covered
    (7, 7, 1, 500, 'cancelled'), -- fine: nor does a cancelled root
    (8, 2, 1, 500, 'active'), -- fine here: live
    (9, 2, 1, 99, 'expired'), -- fine: 100 is greater than 99
    (10, 10, 2, 5, 'recreated'), -- violates: NaN covers nothing, although PostgreSQL says NaN > 5
    (11, 10, 2, 5, 'expired'), -- violates: see 10
    (12, 12, 3, 5, 'recreated'), -- violates: NULL covers nothing
    (13, 98, 1, 100, 'recreated'), -- violates: an orphan is a recreation too
    (14, 2, 99, 500, 'recreated'), -- fine here: there is no customer 99, so no balance to judge
    (15, null, 1, 500, 'recreated'), -- fine here: neither root nor recreation
    (16, 2, 1, null, 'recreated'), -- fine here: no amount to cover
    (17, 2, 4, 500, 'recreated'), -- fine here: infinity is greater than any amount
    (18, 2, 1, 100, 'expired'); -- violates: 100 is not greater than 100
