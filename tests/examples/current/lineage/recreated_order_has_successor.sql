-- fails: 3, 5, 10, 12, 22
-- passes: 1, 2, 4, 6, 7, 8, 9, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21

-- a NULL reference can only be planted without the constraint
alter table orders alter column order_ref drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, order_status)
values
    (1, 1, 1, 'recreated'), -- fine: recreated as order 2
    (2, 1, 1, 'recreated'), -- fine: recreated as order 3, which has the same order_ref
    (3, 1, 1, 'recreated'), -- violates: the last of its lineage
    (4, 4, 1, 'active'), -- fine: was not recreated
    (5, 5, 1, 'recreated'), -- violates: alone in its lineage; order 6 belongs to another one
    (6, 6, 1, 'recreated'), -- fine: recreated as order 8; that the successor is cancelled does not matter
    (7, 8, 1, 'recreated'), -- fine here: it names order 8, which is connected with it
    (8, 6, 1, 'cancelled'), -- fine: was not recreated
    (9, 10, 1, 'cancelled'), -- fine: was not recreated
    (10, 10, 1, 'recreated'), -- violates: order 9 has the same order_ref, but is smaller
    (11, 99, 1, 'recreated'), -- fine here: orphans share a lineage too, and order 12 follows
    (12, 99, 1, 'recreated'), -- violates: the last of the orphans
    (13, null, 1, 'recreated'), -- fine here: has no lineage
    (14, null, 1, 'recreated'), -- fine here: has no lineage either
    (15, 15, 1, 'expired'), -- fine: closed, but not recreated
    (16, 16, 1, 'recreated'), -- fine: recreated as order 17
    (17, 16, 1, 'recreated'), -- fine: recreated as order 18, which names it instead of the first ancestor
    (18, 17, 1, 'recreated'), -- fine: recreated as order 19
    (19, 18, 1, 'active'), -- fine: was not recreated
    (20, 20, 1, 'recreated'), -- fine: recreated as order 21
    (21, 20, 1, 'recreated'), -- fine: recreated as order 22
    (22, 21, 1, 'recreated'); -- violates: the last of a chain
