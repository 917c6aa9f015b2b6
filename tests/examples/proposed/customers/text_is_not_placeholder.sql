-- fails: 1, 2, 3, 5, 6
-- passes: 4, 7

-- 1: its name, 2: its contact, 3: its email, 5: its street, 6: its state; 7: near misses
insert into sales.customers (customer_id, name)
values
    (1, 'n/a'),
    (2, 'Company 2'),
    (3, 'Company 3'),
    (4, 'Company 4'),
    (5, 'Company 5'),
    (6, 'Company 6'),
    (7, 'Testing Ltd');

insert into sales.contacts (customer_id, name, email, phone)
values
    (1, 'Ann', 'ann@1.example', '555 010 0100'),
    (2, ' Unknown', 'ann@2.example', '555 010 0100'),
    (3, 'Ann', 'test', '555 010 0100'),
    (4, 'Ann', 'ann@4.example', '555 010 0100'),
    (5, 'Ann', 'ann@5.example', '555 010 0100'),
    (6, 'Ann', 'ann@6.example', '555 010 0100'),
    (7, 'Nona', 'ann@7.example', 'none');

insert into sales.addresses (customer_id, street, state_code)
values
    (1, '1 Main Street', 'CA'),
    (2, '2 Main Street', 'CA'),
    (3, '3 Main Street', 'CA'),
    (4, '4 Main Street', 'CA'),
    (5, 'TBD', 'CA'),
    (6, '6 Main Street', '?'),
    (7, '7 Main Street', 'CA');
