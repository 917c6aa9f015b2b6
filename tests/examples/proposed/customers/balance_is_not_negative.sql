-- fails: 1
-- passes: 2, 3, 4

insert into sales.customers (customer_id, name, balance)
values
    (1, 'Acme', -0.01), -- violates
    (2, 'Birch', 0), -- fine
    (3, 'Cedar', 'NaN'), -- fine here: neither above nor below
    (4, 'Dogwood', null); -- fine here
