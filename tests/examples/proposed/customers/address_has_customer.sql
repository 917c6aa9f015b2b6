-- fails: 2, 3
-- passes: 1

insert into sales.customers (customer_id, name) values (1, 'Acme');
insert into sales.addresses (address_id, customer_id, street)
values
    (1, 1, '1 Main Street'), -- fine
    (2, 2, '2 Oak Avenue'), -- violates: there is no customer 2
    (3, null, '3 Elm Street'); -- violates
