-- fails: 1
-- passes: 2, 3, 4, 5, 6

-- only another type holds such balances
drop view sales.orders_overdue, sales.orders_due;
alter table sales.customers alter balance type numeric;
insert into sales.customers (customer_id, name, balance)
values (1, 'Acme', 343.00000000000006), (2, 'Birch', 342.996), (3, 'Cedar', 'NaN');
insert into sales.orders (order_id, first_ancestor_id, customer_id, order_status, amount)
values
    (1, 1, 1, 'active', 343), -- violates: greater by its drift alone
    (2, 2, 1, 'active', 342.99), -- fine: greater to the cent
    (3, 3, 1, 'cancelled', 343), -- fine: closed
    (4, 4, 2, 'paused', 342.99), -- fine: greater, either way
    (5, 5, 2, 'active', 343), -- fine: not greater, either way
    (6, 6, 3, 'active', 5); -- fine here
