-- fails: 2, 3
-- passes: 1, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, delivery_id)
select n, n, 1, 5, n from generate_series(1, 4) as n;
insert into sales.deliveries (delivery_id, script_name, checked_as)
values
    (1, 'email_delivery', 'email_address'), -- fine
    (2, 'email_delivery', 'anything'), -- violates: its arguments were not looked at
    (3, 'carrier_pigeon', 'anything'), -- violates: nobody listed it
    (4, 'bulk_delivery', 'anything'); -- fine
