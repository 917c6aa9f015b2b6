-- fails: 1, 2, 3, 4
-- passes: 5, 6, 7, 8, 9

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, delivery_id)
select n, n, 1, 5, n from generate_series(1, 9) as n;
insert into sales.deliveries (delivery_id, script_name, args)
values
    (1, 'custom_crm', '{"api-key": "k-1"}'), -- violates
    (2, 'bulk_delivery', '{"a": [{"Password": "p"}]}'), -- violates: at any depth
    (3, 'bulk_delivery', '{"token": "secret-ref:"}'), -- violates: refers to nothing
    (4, 'bulk_delivery', '{"my_pwd_2": "secret-ref:a b"}'), -- violates: no reference
    (5, 'custom_crm', '{"api-key": "secret-ref:sales/1"}'), -- fine
    (6, 'bulk_delivery', '{"token": ""}'), -- fine: empty
    (7, 'bulk_delivery', '{"token": 5}'), -- fine here: no text
    (8, 'bulk_delivery', '{"note": "the token is on file"}'), -- fine: a value
    (9, 'bulk_delivery', null); -- fine
