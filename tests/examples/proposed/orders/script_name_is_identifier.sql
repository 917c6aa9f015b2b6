-- fails: 1, 2
-- passes: 3, 4

insert into sales.order_deliveries (order_id, script_name, args)
values
    (1, 'Email Delivery', null), -- violates
    (2, '2nd', null), -- violates: begins with a digit
    (3, 'custom_crm_2', null), -- fine
    (4, null, null); -- fine here
