-- fails: 1, 2
-- passes: 3, 4, 5

insert into sales.customers (customer_id, name, balance)
values
    (1, 'Acme', 'NaN'), -- violates: no number
    (2, 'Birch', null), -- violates: nothing
    (3, 'Cedar', 0), -- fine
    (4, 'Dogwood', -1), -- fine here: a number
    (5, 'Elm', 9999999999999999.99); -- fine: the largest there is
