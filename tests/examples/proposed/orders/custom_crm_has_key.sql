-- fails: 3, 4, 5, 6
-- passes: 1, 2, 7

insert into sales.orders (order_id, first_ancestor_id, customer_id, amount, delivery_id)
select n, n, 1, 5, n from generate_series(1, 7) as n;
insert into sales.deliveries (delivery_id, script_name, args)
values
    (1, 'custom_crm', '{"api-key": "secret-ref:sales/1"}'), -- fine
    (2, 'custom_crm', '{"ApiKey": "secret-ref:crm/acme"}'), -- fine
    (3, 'custom_crm', '{"api_key": ""}'), -- violates
    (4, 'custom_crm', '{"api_key": 5}'), -- violates
    (5, 'custom_crm', null), -- violates
    (6, 'custom_crm', '{"crm": {"api_key": "secret-ref:sales/1"}}'), -- violates: not at top level
    (7, 'bulk_delivery', null); -- fine: another script
