-- fails: 5, 6, 7, 8, 9, 10, 11, 12, 13
-- passes: 1, 2, 3, 4

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, delivery_script_name)
values
    (1, 1, 1, 'bulk_delivery'), -- fine
    (2, 2, 1, 'a'), -- fine: one letter will do
    (3, 3, 1, 'crm_2_'), -- fine: digits and underscores after it
    (4, 4, 1, null), -- fine: no script
    (5, 5, 1, ''), -- violates: empty
    (6, 6, 1, 'Bulk_delivery'), -- violates: capital letter
    (7, 7, 1, '2_bulk'), -- violates: starts with a digit
    (8, 8, 1, '_bulk'), -- violates: starts with an underscore
    (9, 9, 1, 'bulk-delivery'), -- violates: hyphen
    (10, 10, 1, 'bulk_delivery '), -- violates: space at the end
    (11, 11, 1, e'bulk_delivery\n'), -- violates: line feed at the end
    (12, 12, 1, e'bulk\nbulk'), -- violates: each line is an identifier, the name is not
    (13, 13, 1, e'd\u00e9livery'); -- violates: accents
