-- fails: 3, 4
-- passes: 1, 2, 5

-- a NULL amount can only be planted without the constraint
alter table orders alter column order_amount drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, order_amount, order_status)
values
    (1, 1, 1, 1, 'active'), -- fine
    (2, 2, 1, 0, 'active'), -- fine here: zero is not negative
    (3, 3, 1, -1, 'active'), -- violates
    (4, 4, 1, -1, 'cancelled'), -- violates: closed or not
    (5, 5, 1, null, 'active'); -- fine here: NULL is not negative
