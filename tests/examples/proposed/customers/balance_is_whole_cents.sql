-- fails: 1, 2
-- passes: 3, 4, 5

-- only another type holds such balances
drop view sales.orders_overdue, sales.orders_due;
alter table sales.customers alter balance type numeric;
insert into sales.customers (customer_id, name, balance)
values
    (1, 'Acme', 0.30000000000000004), -- violates
    (2, 'Birch', 1.001), -- violates
    (3, 'Cedar', 12345678901234.56), -- fine
    (4, 'Dogwood', 'NaN'), -- fine here
    (5, 'Elm', 1.100); -- fine
