-- fails: 2, 3
-- passes: 1, 4

insert into sales.order_deliveries (order_id, script_name, checked_as)
values
    (1, 'email_delivery', 'email_address'), -- fine
    (2, 'email_delivery', 'anything'), -- violates: its arguments were not looked at
    (3, 'carrier_pigeon', 'anything'), -- violates: nobody listed it
    (4, 'bulk_delivery', 'anything'); -- fine
