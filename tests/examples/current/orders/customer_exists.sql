-- fails: 2, 3, 4
-- passes: 1

-- a customer that does not exist can only be planted without the constraints
alter table orders drop constraint orders_customer_id_fkey;
alter table orders alter column customer_id drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, order_status)
values
    (1, 1, 1, 'active'), -- fine
    (2, 2, 99, 'active'), -- violates: there is no customer 99
    (3, 3, 99, 'cancelled'), -- violates: closed or not
    (4, 4, null, 'active'); -- violates: NULL is no customer
