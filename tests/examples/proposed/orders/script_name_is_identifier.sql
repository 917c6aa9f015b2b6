-- fails: 1, 2
-- passes: 3, 4

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, delivery_id)
select n, n, 1, 5, n from generate_series(1, 4) as n;
insert into sales.deliveries (delivery_id, script_name, args)
values
    (1, 'Email Delivery', null), -- violates
    (2, '2nd', null), -- violates: begins with a digit
    (3, 'custom_crm_2', null), -- fine
    (4, null, null); -- fine here
