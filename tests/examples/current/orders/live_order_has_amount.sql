-- fails: 2, 3, 4
-- passes: 1, 5, 6, 7, 8, 9

-- a NULL amount can only be planted without the constraint
alter table orders alter column order_amount drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, order_amount, order_status)
values
    (1, 1, 1, 1, 'active'), -- fine: the least amount there is
    (2, 2, 1, 0, 'active'), -- violates: buys nothing
    (3, 3, 1, 0, 'pending'), -- violates: pending is live
    (4, 4, 1, 0, 'paused'), -- violates: paused is live
    (5, 5, 1, 0, 'cancelled'), -- fine: closed
    (6, 6, 1, 0, 'expired'), -- fine: closed
    (7, 7, 1, 0, 'recreated'), -- fine: closed
    (8, 8, 1, -1, 'active'), -- fine here: negative, not zero
    (9, 9, 1, null, 'active'); -- fine here: NULL is not zero
