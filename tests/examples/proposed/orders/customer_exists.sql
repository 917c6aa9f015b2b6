-- fails: 2, 3
-- passes: 1

insert into sales.customers (customer_id, name) values (1, 'Acme');
insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', 5), -- fine
    (2, 2, 9, 'active', 5), -- violates
    (3, 3, null, 'active', 5); -- violates
