-- fails: 2, 3
-- passes: 1, 4, 5, 6, 7

insert into sales.customers (customer_id, name)
values (1, 'Acme Leads'), (2, 'Acme Leads'), (3, e'ACME\t leads '), (4, 'Acme Leads'), (5, 'Acme'), (6, 'Acme Leads'), (7, 'Acme Leads');
insert into sales.addresses (customer_id, street, state_code, is_main)
values
    (1, '1 Main Street', 'CA', true), -- fine: the first of them
    (2, '1 Main Street', 'CA', true), -- violates
    (3, '1  MAIN street', 'CA', true), -- violates: but for case and white space
    (4, '1 Main Street', 'NY', true), -- fine: another state
    (5, '1 Main Street', 'CA', true), -- fine: another name
    (6, '1 Main Street', 'CA', false); -- fine here: not its main address; and 7 has none
