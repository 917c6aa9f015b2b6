-- fails: 2, 3, 4, 6, 14
-- passes: 1, 5, 7, 8, 9, 10, 11, 12, 13, 15

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, order_status)
values
    (1, 1, 1, 'cancelled'), -- fine: a cancelled root by itself
    (2, 1, 1, 'active'), -- violates: runs although order 1 was cancelled
    (3, 1, 1, 'paused'), -- violates: a paused order is live
    (4, 1, 1, 'pending'), -- violates: a pending order is live
    (5, 5, 1, 'expired'), -- fine: an expired root by itself
    (6, 5, 1, 'active'), -- violates: runs although order 5 expired
    (7, 5, 1, 'recreated'), -- fine: not live
    (8, 5, 1, 'cancelled'), -- fine: not live
    (9, 9, 1, 'recreated'), -- fine: closed, as the root of a recreated lineage should be
    (10, 9, 1, 'active'), -- fine: its root was recreated, not cancelled or expired
    (11, 11, 1, 'active'), -- fine: a live root
    (12, 11, 1, 'active'), -- fine here: its root is live
    (13, 99, 1, 'active'), -- fine here: there is no order 99
    (14, 8, 1, 'active'), -- violates: its ancestor 8 is cancelled, though it is no root itself
    (15, 7, 1, 'active'); -- fine here: its ancestor 7 was recreated; that the one before expired is not asked
