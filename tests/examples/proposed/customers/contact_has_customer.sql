-- fails: 2, 3
-- passes: 1

insert into sales.customers (customer_id, name) values (1, 'Acme');
insert into sales.contacts (contact_id, customer_id, name)
values
    (1, 1, 'Ann'), -- fine
    (2, 2, 'Bob'), -- violates: there is no customer 2
    (3, null, 'Cid'); -- violates
