-- fails: 7, 8, 9, 10, 11
-- passes: 1, 2, 3, 4, 5, 6

-- an unknown status can only be planted without the constraints
alter table orders drop constraint chk_status;
alter table orders alter column order_status drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, order_status)
values
    (1, 1, 1, 'pending'), -- fine
    (2, 2, 1, 'active'), -- fine
    (3, 3, 1, 'paused'), -- fine
    (4, 4, 1, 'cancelled'), -- fine
    (5, 5, 1, 'expired'), -- fine
    (6, 6, 1, 'recreated'), -- fine
    (7, 7, 1, 'Active'), -- violates: capital letter
    (8, 8, 1, 'active '), -- violates: space at the end
    (9, 9, 1, 'canceled'), -- violates: the other spelling
    (10, 10, 1, ''), -- violates: empty
    (11, 11, 1, null); -- violates: NULL is no status
