-- fails: 1, 2, 7, 10, 14
-- passes: 3, 4, 5, 6, 8, 9, 11, 12, 13, 15, 16, 17, 18

-- a NULL reference and an unknown status can only be planted without the constraints
alter table orders alter column order_ref drop not null;
alter table orders drop constraint chk_status;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, order_status)
values
    (1, 1, 1, 'active'), -- violates: order 2 and order 3 are live in the same lineage
    (2, 1, 1, 'paused'), -- violates: order 3 is live in the same lineage
    (3, 1, 1, 'pending'), -- fine: the latest live order of its lineage
    (4, 4, 1, 'recreated'), -- fine: closed
    (5, 4, 1, 'active'), -- fine: the only live order of its lineage
    (6, 4, 1, 'cancelled'), -- fine: closed
    (7, 7, 1, 'pending'), -- violates: two orders later another one is live
    (8, 7, 1, 'expired'), -- fine: closed
    (9, 7, 1, 'pending'), -- fine: the latest live order of its lineage
    (10, 99, 1, 'active'), -- violates: orphans of one order_ref are a lineage too
    (11, 99, 1, 'active'), -- fine here: the latest live orphan
    (12, null, 1, 'active'), -- fine here: without an order_ref there is no lineage
    (13, null, 1, 'active'), -- fine here: see 12
    (14, 16, 1, 'active'), -- violates: the order with the greatest order_id stays, here the root
    (15, 15, 1, 'active'), -- fine: its only recreation has a status that is not live
    (16, 16, 1, 'active'), -- fine: see 14
    (17, 15, 1, 'Active'), -- fine here: an unknown status is not live
    (18, 1, 1, 'recreated'); -- fine: closed
