-- fails: 2, 3, 4
-- passes: 1, 5, 6

insert into sales_private.secrets (secret_id, customer_id, secret) values (1, 1, 'k-1'), (7, 1, 'k-7');
insert into sales.deliveries (delivery_id, customer_id, script_name, args)
values
    (1, 1, 'custom_crm', '{"api-key": "secret-ref:sales/1", "more": [{"token": "secret-ref:sales/7"}]}'), -- fine
    (2, 2, 'custom_crm', '{"api-key": "secret-ref:sales/1"}'), -- violates: another customer's
    (3, 1, 'custom_crm', '{"a": {"token": "secret-ref:sales/77"}}'), -- violates: there is no 77
    (4, 1, 'custom_crm', '{"token": "secret-ref:sales/one"}'), -- violates: no number
    (5, 1, 'custom_crm', '{"api-key": "secret-ref:crm/acme"}'), -- fine: kept elsewhere
    (6, 1, 'bulk_delivery', null); -- fine
