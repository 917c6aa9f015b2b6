-- fails: 2, 3, 4, 5
-- passes: 1, 6, 7, 8, 9

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, order_status, delivery_script_name)
values
    (1, 1, 1, 'active', 'bulk_delivery'), -- fine
    (2, 2, 1, 'active', null), -- violates: no script
    (3, 3, 1, 'active', ''), -- violates: empty
    (4, 4, 1, 'active', '  '), -- violates: only spaces
    (5, 5, 1, 'active', e' \t\n\r\f\x0b'), -- violates: only white space of every kind, vertical tab included
    (6, 6, 1, 'active', e'\u00a0'), -- fine here: a no-break space is not counted as white space
    (7, 7, 1, 'pending', null), -- fine: buys no leads yet
    (8, 8, 1, 'paused', null), -- fine: buys no leads now
    (9, 9, 1, 'cancelled', ''); -- fine: closed
