-- fails: 3, 4, 6, 7
-- passes: 1, 2, 5, 8, 9, 10

insert into sales.customers (customer_id, name, balance)
values (1, 'Acme', 10), (2, 'Birch', 'NaN'), (3, 'Cedar', null);
insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', 50), -- fine: a root needs no cover
    (2, 1, 1, 'active', 9.99), -- fine: covered
    (3, 1, 1, 'active', 10), -- violates: equal is not enough
    (4, 1, 1, 'paused', 10.01), -- violates
    (5, 1, 1, 'cancelled', 50), -- fine here: closed
    (6, 1, 2, 'active', 5), -- violates: NaN covers nothing
    (7, 1, 3, 'active', 5), -- violates: nor does nothing
    (8, 1, 4, 'active', 5), -- fine here: there is no such customer
    (9, 1, 1, 'active', null), -- fine here
    (10, null, 1, 'active', 50); -- fine here
