-- fails: 1, 2, 3, 4, 5, 6
-- passes: 7

-- 1: its name, 2: its contact, 3: its email, 4: its phone, 5: its street, 6: its state; 7: near misses
insert into sales.customers (customer_id, name)
values
    (1, 'Acme '),
    (2, 'Company 2'),
    (3, 'Company 3'),
    (4, 'Company 4'),
    (5, 'Company 5'),
    (6, 'Company 6'),
    (7, 'Two  spaces');

insert into sales.contacts (customer_id, name, email, phone)
values
    (1, 'Ann', 'ann@1.example', '555 010 0100'),
    (2, e'A\u200bnn', 'ann@2.example', '555 010 0100'),
    (3, 'Ann', ' ann@acme.example', '555 010 0100'),
    (4, 'Ann', 'ann@4.example', e'555\t0100'),
    (5, 'Ann', 'ann@5.example', '555 010 0100'),
    (6, 'Ann', 'ann@6.example', '555 010 0100'),
    (7, e'\u00c5nn', 'ann@7.example', null);

insert into sales.addresses (customer_id, street, state_code)
values
    (1, '1 Main Street', 'CA'),
    (2, '2 Main Street', 'CA'),
    (3, '3 Main Street', 'CA'),
    (4, '4 Main Street', 'CA'),
    (5, e'1 Main\u00a0Street', 'CA'),
    (6, '6 Main Street', e'CA\n'),
    (7, '7 Main Street', 'CA');
